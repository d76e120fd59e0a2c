"""What operators see of deliveries, replays, what is set aside and failures; `administration` has what they do."""

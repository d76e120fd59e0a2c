"""What a partner touches: the door (`inbound`), the deliveries (`outbound`), and the rights that both apply."""

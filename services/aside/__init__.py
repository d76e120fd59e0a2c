"""What a service set aside, told to the gateway and settled as an operator decides."""

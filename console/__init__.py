"""What operators look at: the receiver of traces and the pages that tell them in French. Reads no other schema."""

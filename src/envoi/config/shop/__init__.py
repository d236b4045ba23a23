"""The demo shop: real purchases, made-up people, one campaign ready to send."""

"""The service under load and every kind of ill treatment at once."""

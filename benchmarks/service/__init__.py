"""The service beside its peers: `make bench`."""

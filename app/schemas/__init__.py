"""The requests and answers of `/v1` as pydantic models: these are the OpenAPI document."""

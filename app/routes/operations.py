"""GET /livez and GET /readyz."""

from fastapi import APIRouter

from app.schemas.operations import Health

router = APIRouter(tags=["operations"])


@router.get("/livez", operation_id="livez", summary="Is the process alive?", response_description="It is.")
async def livez() -> Health:
    """Answers for as long as the process can answer at all. Restart it where this fails."""
    return Health(status="ok")


@router.get("/readyz", operation_id="readyz", summary="Can it take requests?", response_description="It can.")
async def readyz() -> Health:
    """Answers once the service can take requests. Send it none where this fails."""
    return Health(status="ok")

# The Python that the tests run on, so that NumPy, too, is the build that was tested: later ones would get another.
# For a build that can be repeated in a year, name a digest: --build-arg PYTHON=3.11-slim-bookworm@sha256:…
ARG PYTHON=3.11-slim-bookworm


FROM python:${PYTHON} AS builder

# requirements-tracing.txt for OpenTelemetry traces as well.
ARG REQUIREMENTS=requirements.txt
# All files get this time, in seconds since 1970: what is built twice is then the same, byte by byte. Named in the
# command, with --build-arg SOURCE_DATE_EPOCH=0, it is the image's own time, too, and with it the image's ID repeats.
ARG SOURCE_DATE_EPOCH=0

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONHASHSEED=0 \
    UNUSED='/(test|tests|idlelib|lib2to3|ensurepip|turtledemo|tkinter|distutils|pydoc_data|site-packages|config-.*)/'

# Debian's release decides the version, as of all that is in the image.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*

# Installed from outside, the environment holds no pip and no setuptools of its own. What no service needs is left out:
# NumPy's own tests, type stubs, and the sources that extensions were built from. Nothing is ever changed in place, so
# Python need not look whether a compiled file is still that of its source. The standard library is compiled, too, which
# it is not in Python's image: for 10 MB, a start takes two thirds of the time, and a look at the health a third.
COPY scripts/compile /build/scripts/
COPY xent_core/compute/_elementary.c /build/xent_core/compute/
COPY ${REQUIREMENTS} /build/requirements.txt
WORKDIR /build
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-compile --require-hashes --only-binary=:all: \
        -r requirements.txt \
    && scripts/compile /opt/venv/bin/python \
    && find /opt/venv/lib -type d -name tests -prune -exec rm -r {} + \
    && find /opt/venv/lib -type f -regex '.*\.\(c\|cpp\|h\|pxd\|pyi\|pyx\)' -delete \
    && python -m compileall -q -f --invalidation-mode unchecked-hash /opt/venv/lib \
    && python -m compileall -q -f --invalidation-mode unchecked-hash -x "$UNUSED" /usr/local/lib/python3.* \
    && mkdir -p /dependencies/opt \
    && mv /opt/venv /dependencies/opt \
    && find /usr/local/lib/python3.* -name '*.pyc' -not -path '*/site-packages/*' \
        -exec cp --parents -t /dependencies {} + \
    && find /dependencies -exec touch --no-dereference --date=@${SOURCE_DATE_EPOCH} {} +

COPY xent_core /service/srv/xent/xent_core
COPY app /service/srv/xent/app
COPY LICENSE THIRD_PARTY.md /service/srv/xent/
WORKDIR /service/srv/xent
RUN mv /build/xent_core/compute/_elementary.*.so xent_core/compute \
    && rm xent_core/compute/_elementary.c \
    && python -m compileall -q --invalidation-mode unchecked-hash app xent_core \
    && chmod -R a=rX . \
    && find /service -exec touch --no-dereference --date=@${SOURCE_DATE_EPOCH} {} +


FROM python:${PYTHON}

# Onto the root, as the folders on the way would otherwise bear the time of the build.
COPY --from=builder /dependencies/ /
COPY --from=builder /service/ /
WORKDIR /srv/xent

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XENT_HOST=0.0.0.0

# By number, as Kubernetes' runAsNonRoot asks; there is no such name in the image.
USER 65532:65532
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=20s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["python", "-m", "app.server.healthcheck"]
CMD ["python", "-m", "app"]

ARG REVISION=unknown
LABEL org.opencontainers.image.title="xent" \
      org.opencontainers.image.description="Classification losses over HTTP, and which one it should have been" \
      org.opencontainers.image.version="0.2.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"

"""What can be wrong with a frame."""


class BadFrame(ValueError):
    """The body is no frame, or contradicts itself. The message may be shown to the client."""


class HeaderLengthInvalid(BadFrame):
    """Inference-Header-Content-Length is no number of bytes."""


class RawBinary(BadFrame):
    """Inference-Header-Content-Length is 0: there is no document that says which tensor the bytes are."""


class DocumentCutShort(BadFrame):
    """The body ends before the document does."""


class DocumentMalformed(BadFrame):
    """The document, or a tensor in it, is not what the protocol says it is."""


class DatatypeUnknown(BadFrame):
    """A tensor's datatype is none, or one that is not read."""


class DataUnclear(BadFrame):
    """A tensor has its values in the document and behind it, or in neither place."""


class SizeContradicted(BadFrame):
    """A tensor has more or fewer values than its shape and datatype say."""


class TensorCutShort(BadFrame):
    """The body ends before a tensor's bytes do."""


class BytesLeftOver(BadFrame):
    """Bytes follow that belong to no tensor."""


class RegionRefused(BadFrame):
    """The region can't be registered."""


class RegionUnusable(BadFrame):
    """A region of shared memory isn't registered, or its object isn't there or too small."""


class SharedMemoryOff(BadFrame):
    """A tensor is in shared memory, and the service uses none."""


class ValueUnfit(BadFrame):
    """The datatype can't hold a value that the document has for it."""

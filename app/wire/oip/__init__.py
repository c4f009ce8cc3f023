"""Frames of the Open Inference Protocol: a JSON document, and behind it the bytes of tensors that it doesn't hold.

    document         as many bytes as the header Inference-Header-Content-Length says
    tensors' values  those of each binary tensor in turn, without a gap; nothing follows them

The document lists its tensors under `inputs` (a request) or `outputs` (a response). Each has a name, a shape and a
datatype, and its values are either its `data`, row-major, nested or flattened; or, where its parameters hold a
`binary_data_size`, that many of the bytes behind it: row-major, little-endian, without padding. A BOOL takes one byte,
0 or 1. Or its parameters name a region of shared memory, the number of its bytes there and the first of them: see
`shared_memory`.
Where no tensor is binary the header is absent, and the document is all there is.

Infinity and -Infinity stand bare in the document, as Triton and its clients write them; NaN is read, so that the check
of the numbers can say where it is. The datatype BYTES, which is strings, is not read. Of a tensor's shape, size
and place in the body nothing is believed before it was compared with the others.
"""

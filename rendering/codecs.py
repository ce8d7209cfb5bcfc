"""One pinned decoder for each transfer syntax (PS3.5 8.2, 10; PS3.6 A-1).

There is no second try: a decoder that gives something where another raised an error gave wrong
pixels (a JPEG-LS stream cut in half came back half invented). Every codestream is compared with
the dataset before it is decoded. All these decoders let go of the GIL but PackBits, which is quick.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from rendering.codecs_headers import Codestream, jpeg_2000_header, jpeg_header
from rendering.codecs_xl_header import jpeg_xl_header
from rendering.header import ImageHeader
from rendering.pixels.colour import rgb_from_ybr_full, rgb_from_ybr_partial
from rendering.pixels.modality import stored_range
from rendering.transfer_syntaxes import (
    DCT_JPEG,
    DEFLATED_FRAME,
    HTJ2K,
    JPEG_2000,
    JPEG_LS,
    JPEG_XL,
    LOSSLESS_HTJ2K,
    LOSSLESS_JPEG,
    RLE,
    TRANSFER_SYNTAXES,
    UNCOMPRESSED_FRAME,
)
from workstation.errors import Refused

Pixels: TypeAlias = NDArray[Any]
Decoder = Callable[[bytes, ImageHeader], Pixels]

NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")
BIG_ENDIAN = "1.2.840.10008.1.2.2"
# Bytes of an RLE segment grow to at most 64 times as many (PS3.5 G.3.1).
_RLE_GROWTH = 64
_RLE_SLACK = 256
# What padding to an even length may decode to; more would be another number of rows or columns.
_RLE_PADDING = 2


@dataclass(frozen=True, slots=True)
class Codec:
    """`name` is what the table in docs and reasons call it."""

    name: str
    decode: Decoder


def decode_frame(data: bytes, header: ImageHeader) -> Pixels:
    """A frame's compressed bytes to `header.frame_shape` of `header.dtype`. Raises Refused."""
    codec = codec_of(header.transfer_syntax_uid)
    try:
        pixels = codec.decode(data, header)
    except Refused:
        raise
    except MemoryError as error:
        raise Refused("Decoding takes more memory than is allowed") from error
    except Exception as error:  # each codec has its own exception class
        raise Refused(f"The {codec.name} decoder refuses the image", "It is damaged or not what it says") from error
    return _as_container(_without_third_axis(pixels, header), header)


def codec_of(transfer_syntax: str) -> Codec:
    """The codec of an encapsulated transfer syntax. Raises Refused when there is none."""
    if transfer_syntax not in CODECS:
        raise Refused("The transfer syntax is not supported", transfer_syntax)
    return CODECS[transfer_syntax]


def _without_third_axis(pixels: Pixels, header: ImageHeader) -> Pixels:
    if header.samples == 1 and pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.shape != header.frame_shape:
        raise Refused("The compressed image and the dataset disagree", "The size differs")
    return pixels


def _as_container(pixels: Pixels, header: ImageHeader) -> Pixels:
    """The bit pattern in the dataset's container type, as if it had been stored uncompressed."""
    target = np.dtype(header.dtype)
    if pixels.dtype == target:
        return pixels
    if pixels.dtype.kind == "i" and target.kind == "u" and pixels.size and int(pixels.min()) < 0:
        raise Refused("The compressed image and the dataset disagree", "Negative values in an unsigned image")
    if pixels.dtype.itemsize > target.itemsize:
        raise Refused("The compressed image and the dataset disagree", "More bits than BitsAllocated")
    return pixels.astype(target) if pixels.dtype.itemsize < target.itemsize else pixels.view(target)


def _check(found: Codestream, header: ImageHeader) -> None:
    for word, theirs, ours in (
        ("Rows", found.rows, header.rows),
        ("Columns", found.columns, header.columns),
        ("SamplesPerPixel", found.samples, header.samples),
    ):
        if theirs != ours:
            raise Refused("The compressed image and the dataset disagree", f"{word} is {ours} there and {theirs} here")
    if not header.bits_stored <= found.precision <= header.bits_allocated:
        raise Refused(
            "The compressed image and the dataset disagree",
            f"BitsStored is {header.bits_stored}, the precision {found.precision}",
        )


def _must_be_lossless(header: ImageHeader) -> bool:
    return TRANSFER_SYNTAXES[header.transfer_syntax_uid].must_be_lossless


def _dct_jpeg(data: bytes, header: ImageHeader) -> Pixels:
    found = jpeg_header(data)
    _check(found, header)
    if found.is_lossless_jpeg or found.kind == 0xF7:
        raise Refused("The compressed image is not of its transfer syntax", "It is lossless JPEG or JPEG-LS")
    if header.samples == 1:
        return _within_bits_stored(_pixels(imagecodecs.jpeg8_decode(data)), found, header)
    colours = "YCBCR" if _is_ybr(found, header) else "RGB"
    return _pixels(imagecodecs.jpeg8_decode(data, colorspace=colours, outcolorspace="RGB"))


def _within_bits_stored(pixels: Pixels, found: Codestream, header: ImageHeader) -> Pixels:
    """A lossy stream of more bits than BitsStored may overshoot them; without its upper bits white would be black."""
    if found.precision == header.bits_stored or (pixels.dtype.kind == "i") != header.is_signed:
        return pixels
    return np.clip(pixels, *stored_range(header))


def _is_ybr(found: Codestream, header: ImageHeader) -> bool:
    """Whether a DCT codestream holds YCbCr: its own markers are evidence, the dataset is hearsay."""
    if found.adobe_transform is not None:
        return found.adobe_transform == 1
    if found.component_ids == b"RGB":
        return False
    if found.is_subsampled or found.has_jfif:
        return True
    return header.photometric != "RGB"


def _lossless_jpeg(data: bytes, header: ImageHeader) -> Pixels:
    found = jpeg_header(data)
    _check(found, header)
    if not found.is_lossless_jpeg:
        raise Refused("The compressed image is not of its transfer syntax", "It is not lossless JPEG")
    # liblj92 notices a truncated stream, libjpeg-turbo does not; but it knows neither restart
    # intervals nor point transforms.
    if found.restart_interval or found.point_transform:
        return _to_rgb(_pixels(imagecodecs.jpeg8_decode(data)), header)
    return _to_rgb(_pixels(imagecodecs.ljpeg_decode(data)), header)


def _jpeg_ls(data: bytes, header: ImageHeader) -> Pixels:
    found = jpeg_header(data)
    _check(found, header)
    if found.kind != 0xF7:
        raise Refused("The compressed image is not of its transfer syntax", "It is not JPEG-LS")
    if found.nearness and _must_be_lossless(header):
        raise Refused("The compressed image is not of its transfer syntax", "It is near-lossless JPEG-LS")
    return _to_rgb(_pixels(imagecodecs.jpegls_decode(data)), header)


def _jpeg_2000(data: bytes, header: ImageHeader) -> Pixels:
    return _wavelet(data, header, imagecodecs.jpeg2k_decode)


def _htj2k_lossless(data: bytes, header: ImageHeader) -> Pixels:
    # OpenJPH is the quicker one, but what overshoots the range comes out of it wrapped round,
    # white as black. Only a reversible stream, which these syntaxes must be, cannot overshoot.
    return _wavelet(data, header, imagecodecs.htj2k_decode)


def _wavelet(data: bytes, header: ImageHeader, decode: Callable[[bytes], Any]) -> Pixels:
    found = jpeg_2000_header(data)
    _check(found, header)
    if found.is_subsampled:
        raise Refused("Subsampled JPEG 2000 is not supported")
    if not found.is_reversible and _must_be_lossless(header):
        raise Refused("The compressed image is not of its transfer syntax", "Its wavelet is irreversible, so it is lossy")
    pixels = _pixels(decode(data))
    if not found.is_reversible:
        pixels = _within_bits_stored(pixels, found, header)
    # The decoder undoes the codestream's own colour transform (RCT, ICT).
    return pixels if found.is_colour_transformed else _to_rgb(pixels, header)


def _jpeg_xl(data: bytes, header: ImageHeader) -> Pixels:
    _check(jpeg_xl_header(data), header)
    return _pixels(imagecodecs.jpegxl_decode(data, numthreads=1))


def _rle(data: bytes, header: ImageHeader) -> Pixels:
    """PS3.5 Annex G: one PackBits segment for each byte of each sample, most significant first."""
    width = header.bits_allocated // 8
    count, *offsets = struct.unpack_from("<16I", data)
    size = header.rows * header.columns
    if count != width * header.samples or width not in (1, 2, 4):
        raise Refused(
            "The compressed image and the dataset disagree", f"{count} RLE segments for {width * header.samples} bytes a pixel"
        )
    edges = [*offsets[:count], len(data)]
    if edges[0] < 64 or any(a >= b for a, b in itertools.pairwise(edges)):
        raise Refused("The compressed image is cut off", "An RLE segment lies beyond it")
    planes = np.empty((header.samples, width, size), np.uint8)
    for index, (start, end) in enumerate(itertools.pairwise(edges)):
        if size > (end - start) * _RLE_GROWTH:
            raise Refused("The compressed image is cut off", "An RLE segment is too short for the image")
        bytes_out = imagecodecs.packbits_decode(data[start:end], out=size + _RLE_SLACK)
        if len(bytes_out) < size:
            raise Refused("The compressed image is cut off", "An RLE segment is too short for the image")
        if len(bytes_out) > size + _RLE_PADDING:
            raise Refused("The compressed image and the dataset disagree", "An RLE segment is too long for the image")
        planes[index // width, width - 1 - index % width] = np.frombuffer(bytes_out, np.uint8, size)
    words = (
        np.ascontiguousarray(planes.transpose(0, 2, 1)).view(f"<u{width}").reshape(header.samples, header.rows, header.columns)
    )
    if header.samples == 1:
        plane: Pixels = words[0]
        return plane
    return _to_rgb(np.ascontiguousarray(words.transpose(1, 2, 0)), header)


def _uncompressed_frame(data: bytes, header: ImageHeader) -> Pixels:
    """Encapsulated Uncompressed (PS3.5 A.4.11): the native frame in its fragments."""
    size = (header.rows * header.columns * header.samples * header.bits_allocated + 7) // 8
    if header.photometric.endswith("_422"):
        size = size // 3 * 2
    if not size <= len(data) <= size + 1:
        raise Refused("The compressed image and the dataset disagree", f"{len(data)} bytes in place of {size}")
    return native_frame(data, 0, header)


def _deflated_frame(data: bytes, header: ImageHeader) -> Pixels:
    """Deflated Image Frame Compression (PS3.5 10.20): the native frame, byte-padded, deflated."""
    size = (header.rows * header.columns * header.samples * header.bits_allocated + 7) // 8
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    raw = engine.decompress(data, size + 2)
    if not size <= len(raw) <= size + 1:
        raise Refused("The compressed image and the dataset disagree", "The deflated frame is of another size")
    return native_frame(raw, 0, header)


def native_frame(data: Any, bit_offset: int, header: ImageHeader) -> Pixels:
    """An uncompressed frame that begins at `bit_offset` of `data` (PS3.5 8.1, 8.2; RGB out)."""
    size = header.rows * header.columns * header.samples
    if header.bits_allocated == 1:
        packed = np.frombuffer(data, np.uint8, offset=bit_offset // 8)
        bits = np.unpackbits(packed, count=bit_offset % 8 + size, bitorder="little")[bit_offset % 8 :]
        return bits.reshape(header.frame_shape)
    order = ">" if header.transfer_syntax_uid == BIG_ENDIAN else "<"
    kind = np.dtype(order + header.dtype)
    if header.photometric.endswith("_422"):
        return _to_rgb(_from_422(np.frombuffer(data, kind, header.rows * header.columns * 2, bit_offset // 8), header), header)
    values = np.frombuffer(data, kind, size, bit_offset // 8)
    if header.samples == 1:
        return values.reshape(header.rows, header.columns)
    if header.planar == 1:
        planes = values.reshape(header.samples, header.rows, header.columns)
        return _to_rgb(np.ascontiguousarray(planes.transpose(1, 2, 0)), header)
    return _to_rgb(values.reshape(header.frame_shape), header)


def _from_422(values: Pixels, header: ImageHeader) -> Pixels:
    """Y1 Y2 Cb Cr for each two pixels of a row (PS3.3 C.7.6.3.1.2), chroma taken for both."""
    pairs = values.reshape(header.rows, header.columns // 2, 4)
    full = np.empty((header.rows, header.columns, 3), values.dtype)
    full[:, 0::2, 0], full[:, 1::2, 0] = pairs[..., 0], pairs[..., 1]
    for sample in (1, 2):
        full[:, 0::2, sample] = full[:, 1::2, sample] = pairs[..., sample + 1]
    return full


def _to_rgb(pixels: Pixels, header: ImageHeader) -> Pixels:
    if header.samples == 1 or not header.photometric.startswith("YBR"):
        return pixels
    if header.photometric.startswith("YBR_PARTIAL"):
        return rgb_from_ybr_partial(pixels, header.bits_stored)
    return rgb_from_ybr_full(pixels, header.bits_stored)


def _pixels(decoded: Any) -> Pixels:
    return np.asarray(decoded)


_DECODERS: dict[str, Decoder] = {
    UNCOMPRESSED_FRAME: _uncompressed_frame,
    DCT_JPEG: _dct_jpeg,
    LOSSLESS_JPEG: _lossless_jpeg,
    JPEG_LS: _jpeg_ls,
    JPEG_2000: _jpeg_2000,
    LOSSLESS_HTJ2K: _htj2k_lossless,
    HTJ2K: _jpeg_2000,
    JPEG_XL: _jpeg_xl,
    RLE: _rle,
    DEFLATED_FRAME: _deflated_frame,
}

# Which of them reads a transfer syntax stands in `rendering.transfer_syntaxes`.
CODECS: dict[str, Codec] = {
    uid: Codec(syntax.decoder, _DECODERS[syntax.decoder])
    for uid, syntax in TRANSFER_SYNTAXES.items()
    if syntax.decoder in _DECODERS
}

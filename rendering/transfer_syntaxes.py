"""Every transfer syntax of PS3.6 A-1: the one decoder that reads it, or why it is not read.

Data only. `rendering.codecs` and `rendering.codecs_video` hold the decoders by these names; a
syntax that is not here is not one of the standard's and is refused as not supported.
"""

from __future__ import annotations

from dataclasses import dataclass

# Names of decoders: as the table in docs and the reasons call them.
NATIVE = "native"
UNCOMPRESSED_FRAME = "encapsulated uncompressed"
DCT_JPEG = "JPEG (libjpeg-turbo)"
LOSSLESS_JPEG = "lossless JPEG (liblj92)"
JPEG_LS = "JPEG-LS (CharLS)"
JPEG_2000 = "JPEG 2000 (OpenJPEG)"
LOSSLESS_HTJ2K = "lossless HTJ2K (OpenJPH)"
HTJ2K = "HTJ2K (OpenJPEG)"
JPEG_XL = "JPEG XL (libjxl)"
RLE = "RLE (PackBits)"
DEFLATED_FRAME = "deflated frame (zlib)"
# FFmpeg's names of its decoders.
MPEG_2 = "mpeg2video"
H264 = "h264"
HEVC = "hevc"

_ARITHMETIC = "Arithmetic-coded JPEG (retired): no decoder for it here"
_HIERARCHICAL = "Hierarchical JPEG (retired): no decoder for it here"
_PART_2 = "JPEG 2000 Part 2 (multi-component): no decoder for it here"
_JPIP = "The pixel data lie on another server (JPIP)"
_LIVE = "SMPTE ST 2110 is a live stream, not a stored image"
_NOT_IMAGES = "The transfer syntax (retired) is not one for images"


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """`decoder` is a name above, empty when `refusal` says in words why there is none.

    `is_lossy` when nothing in it can be lossless, `must_be_lossless` when nothing may be lossy.
    """

    name: str
    decoder: str = ""
    refusal: str = ""
    is_lossy: bool = False
    must_be_lossless: bool = False

    @property
    def is_video(self) -> bool:
        return self.decoder in (MPEG_2, H264, HEVC)


def _lossy(name: str, decoder: str) -> TransferSyntax:
    return TransferSyntax(name, decoder, is_lossy=True)


def _lossless(name: str, decoder: str) -> TransferSyntax:
    return TransferSyntax(name, decoder, must_be_lossless=True)


def _refused(name: str, refusal: str) -> TransferSyntax:
    return TransferSyntax(name, refusal=refusal)


_ROOT = "1.2.840.10008.1.2"
_JPEG = _ROOT + ".4."

TRANSFER_SYNTAXES: dict[str, TransferSyntax] = {
    _ROOT: _lossless("Implicit VR Little Endian", NATIVE),
    _ROOT + ".1": _lossless("Explicit VR Little Endian", NATIVE),
    _ROOT + ".1.98": _lossless("Encapsulated Uncompressed Explicit VR Little Endian", UNCOMPRESSED_FRAME),
    _ROOT + ".1.99": _lossless("Deflated Explicit VR Little Endian", NATIVE),
    _ROOT + ".2": _lossless("Explicit VR Big Endian (retired)", NATIVE),
    _JPEG + "50": _lossy("JPEG Baseline (Process 1)", DCT_JPEG),
    _JPEG + "51": _lossy("JPEG Extended (Process 2 and 4)", DCT_JPEG),
    _JPEG + "52": _refused("JPEG Extended (Process 3 and 5) (retired)", _ARITHMETIC),
    _JPEG + "53": _lossy("JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8) (retired)", DCT_JPEG),
    _JPEG + "54": _refused("JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9) (retired)", _ARITHMETIC),
    _JPEG + "55": _lossy("JPEG Full Progression, Non-Hierarchical (Process 10 and 12) (retired)", DCT_JPEG),
    _JPEG + "56": _refused("JPEG Full Progression, Non-Hierarchical (Process 11 and 13) (retired)", _ARITHMETIC),
    _JPEG + "57": _lossless("JPEG Lossless, Non-Hierarchical (Process 14)", LOSSLESS_JPEG),
    _JPEG + "58": _refused("JPEG Lossless, Non-Hierarchical (Process 15) (retired)", _ARITHMETIC),
    _JPEG + "59": _refused("JPEG Extended, Hierarchical (Process 16 and 18) (retired)", _HIERARCHICAL),
    _JPEG + "60": _refused("JPEG Extended, Hierarchical (Process 17 and 19) (retired)", _HIERARCHICAL),
    _JPEG + "61": _refused("JPEG Spectral Selection, Hierarchical (Process 20 and 22) (retired)", _HIERARCHICAL),
    _JPEG + "62": _refused("JPEG Spectral Selection, Hierarchical (Process 21 and 23) (retired)", _HIERARCHICAL),
    _JPEG + "63": _refused("JPEG Full Progression, Hierarchical (Process 24 and 26) (retired)", _HIERARCHICAL),
    _JPEG + "64": _refused("JPEG Full Progression, Hierarchical (Process 25 and 27) (retired)", _HIERARCHICAL),
    _JPEG + "65": _refused("JPEG Lossless, Hierarchical (Process 28) (retired)", _HIERARCHICAL),
    _JPEG + "66": _refused("JPEG Lossless, Hierarchical (Process 29) (retired)", _HIERARCHICAL),
    _JPEG + "70": _lossless("JPEG Lossless, First-Order Prediction (Process 14, Selection Value 1)", LOSSLESS_JPEG),
    _JPEG + "80": _lossless("JPEG-LS Lossless", JPEG_LS),
    _JPEG + "81": _lossy("JPEG-LS Lossy (Near-Lossless)", JPEG_LS),
    _JPEG + "90": _lossless("JPEG 2000 (Lossless Only)", JPEG_2000),
    _JPEG + "91": TransferSyntax("JPEG 2000", JPEG_2000),
    _JPEG + "92": _refused("JPEG 2000 Part 2 Multi-component (Lossless Only)", _PART_2),
    _JPEG + "93": _refused("JPEG 2000 Part 2 Multi-component", _PART_2),
    _JPEG + "94": _refused("JPIP Referenced", _JPIP),
    _JPEG + "95": _refused("JPIP Referenced Deflate", _JPIP),
    _JPEG + "100": _lossy("MPEG2 Main Profile / Main Level", MPEG_2),
    _JPEG + "100.1": _lossy("Fragmentable MPEG2 Main Profile / Main Level", MPEG_2),
    _JPEG + "101": _lossy("MPEG2 Main Profile / High Level", MPEG_2),
    _JPEG + "101.1": _lossy("Fragmentable MPEG2 Main Profile / High Level", MPEG_2),
    _JPEG + "102": _lossy("MPEG-4 AVC/H.264 High Profile / Level 4.1", H264),
    _JPEG + "102.1": _lossy("Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1", H264),
    _JPEG + "103": _lossy("MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", H264),
    _JPEG + "103.1": _lossy("Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", H264),
    _JPEG + "104": _lossy("MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", H264),
    _JPEG + "104.1": _lossy("Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", H264),
    _JPEG + "105": _lossy("MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", H264),
    _JPEG + "105.1": _lossy("Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", H264),
    _JPEG + "106": _lossy("MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", H264),
    _JPEG + "106.1": _lossy("Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", H264),
    _JPEG + "107": _lossy("HEVC/H.265 Main Profile / Level 5.1", HEVC),
    _JPEG + "108": _lossy("HEVC/H.265 Main 10 Profile / Level 5.1", HEVC),
    _JPEG + "110": _lossless("JPEG XL Lossless", JPEG_XL),
    _JPEG + "111": _lossy("JPEG XL JPEG Recompression", JPEG_XL),
    _JPEG + "112": TransferSyntax("JPEG XL", JPEG_XL),
    _JPEG + "201": _lossless("High-Throughput JPEG 2000 (Lossless Only)", LOSSLESS_HTJ2K),
    _JPEG + "202": _lossless("High-Throughput JPEG 2000 with RPCL Options (Lossless Only)", LOSSLESS_HTJ2K),
    _JPEG + "203": TransferSyntax("High-Throughput JPEG 2000", HTJ2K),
    _JPEG + "204": _refused("JPIP HTJ2K Referenced", _JPIP),
    _JPEG + "205": _refused("JPIP HTJ2K Referenced Deflate", _JPIP),
    _ROOT + ".5": _lossless("RLE Lossless", RLE),
    _ROOT + ".6.1": _refused("RFC 2557 MIME Encapsulation (retired)", _NOT_IMAGES),
    _ROOT + ".6.2": _refused("XML Encoding (retired)", _NOT_IMAGES),
    _ROOT + ".7.1": _refused("SMPTE ST 2110-20 Uncompressed Progressive Active Video", _LIVE),
    _ROOT + ".7.2": _refused("SMPTE ST 2110-20 Uncompressed Interlaced Active Video", _LIVE),
    _ROOT + ".7.3": _refused("SMPTE ST 2110-30 PCM Digital Audio", _LIVE),
    _ROOT + ".8.1": _lossless("Deflated Image Frame Compression", DEFLATED_FRAME),
    "1.2.840.10008.1.20": _refused("Papyrus 3 Implicit VR Little Endian (retired)", _NOT_IMAGES),
}

VIDEO = frozenset(uid for uid, syntax in TRANSFER_SYNTAXES.items() if syntax.is_video)

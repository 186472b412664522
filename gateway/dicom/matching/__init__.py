"""What a key of a query matches (PS3.4 C.2.2.2).

Single value, list of UIDs, universal, wildcard, range, sequence; person names without regard to
case and accents. A pure decision over two datasets in the DICOM JSON model, whose texts are Unicode
whatever character set each was written in.
"""

from gateway.dicom.matching.dataset import COMBINED, Options, matches

__all__ = ["COMBINED", "Options", "matches"]

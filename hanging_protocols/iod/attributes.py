"""Tags and value representations (PS3.6) of what a hanging protocol object holds, and of what its selectors may ask for."""

from __future__ import annotations

from collections.abc import Mapping

from hanging_protocols.facts import KNOWN_ATTRIBUTES

HANGING_PROTOCOL_STORAGE = "1.2.840.10008.5.1.4.38.1"

# Of the modules of PS3.3 C.23, the macros they include, and SOP Common.
ATTRIBUTES: Mapping[str, tuple[str, str]] = {
    "SpecificCharacterSet": ("00080005", "CS"), "SOPClassUID": ("00080016", "UI"), "SOPInstanceUID": ("00080018", "UI"),
    "Modality": ("00080060", "CS"), "CodeValue": ("00080100", "SH"), "CodingSchemeDesignator": ("00080102", "SH"),
    "CodingSchemeVersion": ("00080103", "SH"), "CodeMeaning": ("00080104", "LO"), "LongCodeValue": ("00080119", "UC"),
    "URNCodeValue": ("00080120", "UR"), "ProcedureCodeSequence": ("00081032", "SQ"),
    "AnatomicRegionSequence": ("00082218", "SQ"), "Laterality": ("00200060", "CS"),
    "ReasonForRequestedProcedureCodeSequence": ("0040100A", "SQ"), "FunctionalGroupPointer": ("00209167", "AT"),
    "FunctionalGroupPrivateCreator": ("00209238", "LO"), "PreferredPlaybackSequencing": ("00181244", "US"),
    "RecommendedDisplayFrameRate": ("00082144", "IS"), "ReferencedSOPClassUID": ("00081150", "UI"),
    "ReferencedSOPInstanceUID": ("00081155", "UI"), "HangingProtocolName": ("00720002", "SH"),
    "HangingProtocolDescription": ("00720004", "LO"), "HangingProtocolLevel": ("00720006", "CS"),
    "HangingProtocolCreator": ("00720008", "LO"), "HangingProtocolCreationDateTime": ("0072000A", "DT"),
    "HangingProtocolDefinitionSequence": ("0072000C", "SQ"),
    "HangingProtocolUserIdentificationCodeSequence": ("0072000E", "SQ"), "HangingProtocolUserGroupName": ("00720010", "LO"),
    "SourceHangingProtocolSequence": ("00720012", "SQ"), "NumberOfPriorsReferenced": ("00720014", "US"),
    "ImageSetsSequence": ("00720020", "SQ"), "ImageSetSelectorSequence": ("00720022", "SQ"),
    "ImageSetSelectorUsageFlag": ("00720024", "CS"), "SelectorAttribute": ("00720026", "AT"),
    "SelectorValueNumber": ("00720028", "US"), "TimeBasedImageSetsSequence": ("00720030", "SQ"),
    "ImageSetNumber": ("00720032", "US"), "ImageSetSelectorCategory": ("00720034", "CS"), "RelativeTime": ("00720038", "US"),
    "RelativeTimeUnits": ("0072003A", "CS"), "AbstractPriorValue": ("0072003C", "SS"),
    "AbstractPriorCodeSequence": ("0072003E", "SQ"), "ImageSetLabel": ("00720040", "LO"),
    "SelectorAttributeVR": ("00720050", "CS"), "SelectorSequencePointer": ("00720052", "AT"),
    "SelectorSequencePointerPrivateCreator": ("00720054", "LO"), "SelectorAttributePrivateCreator": ("00720056", "LO"),
    "SelectorAEValue": ("0072005E", "AE"), "SelectorASValue": ("0072005F", "AS"), "SelectorATValue": ("00720060", "AT"),
    "SelectorDAValue": ("00720061", "DA"), "SelectorCSValue": ("00720062", "CS"), "SelectorDTValue": ("00720063", "DT"),
    "SelectorISValue": ("00720064", "IS"), "SelectorOBValue": ("00720065", "OB"), "SelectorLOValue": ("00720066", "LO"),
    "SelectorOFValue": ("00720067", "OF"), "SelectorLTValue": ("00720068", "LT"), "SelectorOWValue": ("00720069", "OW"),
    "SelectorPNValue": ("0072006A", "PN"), "SelectorTMValue": ("0072006B", "TM"), "SelectorSHValue": ("0072006C", "SH"),
    "SelectorUNValue": ("0072006D", "UN"), "SelectorSTValue": ("0072006E", "ST"), "SelectorUCValue": ("0072006F", "UC"),
    "SelectorUTValue": ("00720070", "UT"), "SelectorURValue": ("00720071", "UR"), "SelectorDSValue": ("00720072", "DS"),
    "SelectorODValue": ("00720073", "OD"), "SelectorFDValue": ("00720074", "FD"), "SelectorOLValue": ("00720075", "OL"),
    "SelectorFLValue": ("00720076", "FL"), "SelectorULValue": ("00720078", "UL"), "SelectorUSValue": ("0072007A", "US"),
    "SelectorSLValue": ("0072007C", "SL"), "SelectorSSValue": ("0072007E", "SS"), "SelectorUIValue": ("0072007F", "UI"),
    "SelectorCodeSequenceValue": ("00720080", "SQ"), "SelectorOVValue": ("00720081", "OV"),
    "SelectorSVValue": ("00720082", "SV"), "SelectorUVValue": ("00720083", "UV"), "NumberOfScreens": ("00720100", "US"),
    "NominalScreenDefinitionSequence": ("00720102", "SQ"), "NumberOfVerticalPixels": ("00720104", "US"),
    "NumberOfHorizontalPixels": ("00720106", "US"), "DisplayEnvironmentSpatialPosition": ("00720108", "FD"),
    "ScreenMinimumGrayscaleBitDepth": ("0072010A", "US"), "ScreenMinimumColorBitDepth": ("0072010C", "US"),
    "ApplicationMaximumRepaintTime": ("0072010E", "US"), "DisplaySetsSequence": ("00720200", "SQ"),
    "DisplaySetNumber": ("00720202", "US"), "DisplaySetLabel": ("00720203", "LO"),
    "DisplaySetPresentationGroup": ("00720204", "US"), "DisplaySetPresentationGroupDescription": ("00720206", "LO"),
    "PartialDataDisplayHandling": ("00720208", "CS"), "SynchronizedScrollingSequence": ("00720210", "SQ"),
    "DisplaySetScrollingGroup": ("00720212", "US"), "NavigationIndicatorSequence": ("00720214", "SQ"),
    "NavigationDisplaySet": ("00720216", "US"), "ReferenceDisplaySets": ("00720218", "US"),
    "ImageBoxesSequence": ("00720300", "SQ"), "ImageBoxNumber": ("00720302", "US"), "ImageBoxLayoutType": ("00720304", "CS"),
    "ImageBoxTileHorizontalDimension": ("00720306", "US"), "ImageBoxTileVerticalDimension": ("00720308", "US"),
    "ImageBoxScrollDirection": ("00720310", "CS"), "ImageBoxSmallScrollType": ("00720312", "CS"),
    "ImageBoxSmallScrollAmount": ("00720314", "US"), "ImageBoxLargeScrollType": ("00720316", "CS"),
    "ImageBoxLargeScrollAmount": ("00720318", "US"), "ImageBoxOverlapPriority": ("00720320", "US"),
    "CineRelativeToRealTime": ("00720330", "FD"), "FilterOperationsSequence": ("00720400", "SQ"),
    "FilterByCategory": ("00720402", "CS"), "FilterByAttributePresence": ("00720404", "CS"),
    "FilterByOperator": ("00720406", "CS"), "BlendingOperationType": ("00720500", "CS"),
    "ReformattingOperationType": ("00720510", "CS"), "ReformattingThickness": ("00720512", "FD"),
    "ReformattingInterval": ("00720514", "FD"), "ReformattingOperationInitialViewDirection": ("00720516", "CS"),
    "ThreeDRenderingType": ("00720520", "CS"), "SortingOperationsSequence": ("00720600", "SQ"),
    "SortByCategory": ("00720602", "CS"), "SortingDirection": ("00720604", "CS"),
    "DisplaySetPatientOrientation": ("00720700", "CS"), "VOIType": ("00720702", "CS"), "PseudoColorType": ("00720704", "CS"),
    "PseudoColorPaletteInstanceReferenceSequence": ("00720705", "SQ"), "ShowGrayscaleInverted": ("00720706", "CS"),
    "ShowImageTrueSizeFlag": ("00720710", "CS"), "ShowGraphicAnnotationFlag": ("00720712", "CS"),
    "ShowPatientDemographicsFlag": ("00720714", "CS"), "ShowAcquisitionTechniquesFlag": ("00720716", "CS"),
    "DisplaySetHorizontalJustification": ("00720717", "CS"), "DisplaySetVerticalJustification": ("00720718", "CS"),
}  # fmt: skip

# Elements of images that our rules know by keyword. Sequences are code sequences: their codes are asked for.
SELECTABLE: Mapping[str, tuple[str, str]] = {
    "AcquisitionContrast": ("00089209", "CS"), "AcquisitionTime": ("00080032", "TM"),
    "AnatomicRegionSequence": ("00082218", "SQ"), "AttenuationCorrectionMethod": ("00541101", "LO"),
    "BodyPartExamined": ("00180015", "CS"), "BurnedInAnnotation": ("00280301", "CS"),
    "CardiacSynchronizationTechnique": ("00189037", "CS"), "Columns": ("00280011", "US"),
    "ContrastBolusAgent": ("00180010", "LO"), "ContrastBolusAgentSequence": ("00180012", "SQ"),
    "ContrastBolusIngredientConcentration": ("00181049", "DS"), "ContrastBolusVolume": ("00181041", "DS"),
    "ConversionType": ("00080064", "CS"), "ConvolutionKernel": ("00181210", "SH"), "CorrectedImage": ("00280051", "CS"),
    "DerivationCodeSequence": ("00089215", "SQ"), "DerivationDescription": ("00082111", "ST"),
    "DiffusionBValue": ("00189087", "FD"), "EchoTime": ("00180081", "DS"), "FlipAngle": ("00181314", "DS"),
    "FrameLaterality": ("00209072", "CS"), "ImageLaterality": ("00200062", "CS"),
    "ImageOrientationPatient": ("00200037", "DS"), "ImageType": ("00080008", "CS"), "InstitutionName": ("00080080", "LO"),
    "InversionTime": ("00180082", "DS"), "KVP": ("00180060", "DS"), "Laterality": ("00200060", "CS"),
    "MRAcquisitionType": ("00180023", "CS"), "Manufacturer": ("00080070", "LO"), "ManufacturerModelName": ("00081090", "LO"),
    "Modality": ("00080060", "CS"), "NumberOfTemporalPositions": ("00200105", "IS"), "PatientOrientation": ("00200020", "CS"),
    "PatientPosition": ("00185100", "CS"), "PatientSex": ("00100040", "CS"),
    "PerformedProcedureStepDescription": ("00400254", "LO"), "PerformedProtocolCodeSequence": ("00400260", "SQ"),
    "PresentationIntentType": ("00080068", "CS"), "ProcedureCodeSequence": ("00081032", "SQ"),
    "ProtocolName": ("00181030", "LO"), "PulseSequenceName": ("00189005", "SH"), "ReconstructionAlgorithm": ("00189315", "CS"),
    "RepetitionTime": ("00180080", "DS"), "RequestedProcedureCodeSequence": ("00321064", "SQ"),
    "RequestedProcedureDescription": ("00321060", "LO"), "Rows": ("00280010", "US"), "SOPClassUID": ("00080016", "UI"),
    "ScanOptions": ("00180022", "CS"), "ScanningSequence": ("00180020", "CS"), "SequenceName": ("00180024", "SH"),
    "SequenceVariant": ("00180021", "CS"), "SeriesDate": ("00080021", "DA"), "SeriesDescription": ("0008103E", "LO"),
    "SeriesNumber": ("00200011", "IS"), "SeriesTime": ("00080031", "TM"), "SeriesType": ("00541000", "CS"),
    "SliceThickness": ("00180050", "DS"), "SpacingBetweenSlices": ("00180088", "DS"), "StudyDate": ("00080020", "DA"),
    "StudyDescription": ("00081030", "LO"), "Units": ("00541001", "CS"), "ViewCodeSequence": ("00540220", "SQ"),
    "ViewModifierCodeSequence": ("00540222", "SQ"), "ViewPosition": ("00185101", "CS"),
}  # fmt: skip

# Which element of the Selector Attribute Value Macro (C.23.4.2) holds values of a VR.
VALUE_OF_VR: Mapping[str, str] = {
    "SQ": "SelectorCodeSequenceValue",
    **{
        keyword.removeprefix("Selector")[:2]: keyword
        for keyword in ATTRIBUTES
        if keyword.startswith("Selector") and keyword.endswith("Value") and len(keyword) == len("SelectorCSValue")
    },
}

NUMERIC = frozenset({"DS", "IS", "FD", "FL", "US", "SS", "UL", "SL"})

_SELECTABLE_TAGS = {tag: keyword for keyword, (tag, _) in SELECTABLE.items()}
_NAMES = {tag: keyword for table in (ATTRIBUTES, SELECTABLE) for keyword, (tag, _) in table.items()}
_CODES = frozenset({ATTRIBUTES["CodeValue"][0], ATTRIBUTES["CodingSchemeDesignator"][0], ATTRIBUTES["CodeMeaning"][0]})


def selectable(tag: str) -> str:
    """The keyword of an element that our rules can ask for, "" for any other."""
    keyword = _SELECTABLE_TAGS.get(tag.upper(), "")
    return keyword if keyword in KNOWN_ATTRIBUTES else ""


def is_code_part(tag: str) -> bool:
    """Whether a tag is one of the parts of a code (PS3.3 8.8)."""
    return tag.upper() in _CODES


def name_of(keyword_or_tag: str) -> str:
    """`ImageBoxesSequence (0072,0300)`; a tag that is not known stands alone."""
    keyword = _NAMES.get(keyword_or_tag.upper(), keyword_or_tag)
    tag = (ATTRIBUTES.get(keyword) or SELECTABLE.get(keyword) or ("", ""))[0]
    if not tag:
        return spelt(keyword_or_tag)
    return f"{keyword} {spelt(tag)}"


def spelt(tag: str) -> str:
    """`(0072,0300)`; what is no tag as it is."""
    return f"({tag[:4]},{tag[4:]})" if len(tag) == 8 and all(letter in "0123456789abcdefABCDEF" for letter in tag) else tag

"""Body Part Examined (0018,0015) in words: the defined terms of PS3.16 annex L that departments use, as English source text."""

from __future__ import annotations

_WORDS = {
    "ABDOMEN": "Abdomen", "ABDOMENPELVIS": "Abdomen and pelvis", "ADRENAL": "Adrenal gland", "ANKLE": "Ankle", "AORTA": "Aorta",
    "ARM": "Arm", "BLADDER": "Bladder", "BRAIN": "Brain", "BREAST": "Breast", "CALCANEUS": "Heel", "CAROTID": "Carotid artery",
    "CEREBELLUM": "Cerebellum", "CHEST": "Chest", "CHESTABDOMEN": "Chest and abdomen", "CHESTABDPELVIS": "Chest, abdomen, pelvis",
    "CLAVICLE": "Clavicle", "COCCYX": "Coccyx", "COLON": "Colon", "CORONARYARTERY": "Coronary artery", "CSPINE": "Cervical spine",
    "CTSPINE": "Cervical and thoracic spine", "ELBOW": "Elbow", "ESOPHAGUS": "Oesophagus", "EXTREMITY": "Extremity", "EYE": "Eye",
    "FEMUR": "Femur", "FINGER": "Finger", "FOOT": "Foot", "FOREARM": "Forearm", "GALLBLADDER": "Gallbladder", "HAND": "Hand",
    "HEAD": "Head", "HEADNECK": "Head and neck", "HEART": "Heart", "HIP": "Hip", "HUMERUS": "Upper arm", "JAW": "Jaw",
    "KIDNEY": "Kidney", "KNEE": "Knee", "LEG": "Leg", "LIVER": "Liver", "LOWERLEG": "Lower leg", "LSPINE": "Lumbar spine",
    "LSSPINE": "Lumbosacral spine", "LUMBAR SPINE": "Lumbar spine", "LUNG": "Lung", "MAXILLA": "Maxilla", "MOUTH": "Mouth",
    "NECK": "Neck", "NECKCHEST": "Neck and chest", "NOSE": "Nose", "ORBIT": "Orbit", "PANCREAS": "Pancreas", "PAROTID": "Parotid",
    "PATELLA": "Kneecap", "PELVIS": "Pelvis", "PROSTATE": "Prostate", "RECTUM": "Rectum", "RIB": "Ribs",
    "SCAPULA": "Shoulder blade",
    "SCROTUM": "Scrotum", "SHOULDER": "Shoulder", "SINUS": "Sinuses", "SKULL": "Skull", "SPINE": "Spine", "SPLEEN": "Spleen",
    "SSPINE": "Sacral spine", "STERNUM": "Sternum", "STOMACH": "Stomach", "TESTIS": "Testis", "THIGH": "Thigh", "THORAX": "Chest",
    "THUMB": "Thumb", "THYROID": "Thyroid", "TIBIA FIBULA": "Lower leg", "TLSPINE": "Thoracolumbar spine", "TMJ": "Jaw joint",
    "TOE": "Toe", "TOOTH": "Tooth", "TSPINE": "Thoracic spine", "THORACIC SPINE": "Thoracic spine", "UTERUS": "Uterus",
    "WHOLEBODY": "Whole body", "WRIST": "Wrist", "ZYGOMA": "Cheekbone",
}  # fmt: skip


def body_part_words(term: str) -> str:
    """`Lumbar spine` for LSPINE; another text as it came, one that is all capitals as a word."""
    text = " ".join(term.split())
    known = _WORDS.get(text.upper()) or _WORDS.get(text.upper().replace("_", "").replace(" ", ""))
    return known or (text.capitalize() if text.isupper() else text)

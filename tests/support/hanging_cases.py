"""Made-up examinations as scanners and departments send them.

A series' UID is its name in the tables of expectations; numbers follow the order of the lines.
"""

from __future__ import annotations

from hanging_scanner import ADC, FILM, GD, IODINE, MIP, MPR, NAC, PET, SCOUT, Scan, ct, mr, other, pd, t1, t2, vibe

CT_SCANS: dict[str, Scan] = {
    "head": (
        "DT hjärna",
        "HEAD",
        [
            ct("topo", "Topogram 0.6", count=2, **SCOUT),
            ct("soft", "Hjärna 4.0 Hr38", 4, "Hr38"),
            ct("thin", "Hjärna 1.0 Hr40", 1, "Hr40", count=160),
            ct("bone", "Skelett 1.0 Hr64", 1, "Hr64", count=160),
            ct("cor", "Hjärna cor 3.0", 3, "Hr38", "cor", 60, **MPR),
            other("dose", "CT", "Patient Protocol", sop_class="1.2.840.10008.5.1.4.1.1.7"),
        ],
    ),
    "stroke": (
        "CT Caput + CT angio hals/hode",
        "HEAD",
        [
            ct("native", "Caput 4 mm nativ", 4, "H31s"),
            ct("bone", "Caput bein 1 mm", 1, "H60s", count=150),
            ct("cta", "CTA hals/hode 0.75", 0.75, "Hv36", count=500, **IODINE),
            ct("ctp", "Perfusjon 5 mm", 5, "H20f", count=900, **IODINE),
            ct("mip", "CTA MIP cor", 10, plane="cor", count=30, **MIP),
            ct("cbf", "CBF", 5, count=12, PhotometricInterpretation=""),
            ct("tmax", "Tmax", 5, count=12),
            ct("mtt", "MTT", 5, count=12),
        ],
    ),
    "chest": (
        "DT Thorax med kontrast",
        "CHEST",
        [
            ct("scout", "Översikt", count=1, **SCOUT),
            ct("soft", "Thorax 3.0 Br40", 3, "Br40d", **IODINE),
            ct("lung", "Lunga 1.0 Bl57", 1, "Bl57d", count=350, **IODINE),
            ct("cor", "Thorax cor 3.0", 3, "Br40d", "cor", 100, **IODINE, **MPR),
            ct("mip", "Lunga MIP 8 mm", 8, "Bl57d", count=60, **MIP),
        ],
    ),
    "pe": (
        "CT Lungeemboli",
        "CHEST",
        [
            ct("soft", "PE 1.0 Bv40", 1, "Bv40d", count=350, **IODINE),
            ct("lung", "Lunge 1.0 Bl57", 1, "Bl57d", count=350, **IODINE),
            ct("iodine", "PBV jodkart 1.5", 1.5, count=200),
        ],
    ),
    "trunk": (
        "CT-skanning af thorax og abdomen",
        "CHEST",
        [
            ct("soft", "Thorax abdomen 3.0 portovenøs", 3, "Br38", count=200, **IODINE),
            ct("thin", "Thorax abdomen 1.0 portovenøs", 1, "Br38", count=600, **IODINE),
            ct("lung", "Lunge 1.0", 1, "Bl57", count=400, **IODINE),
            ct("art", "Øvre abdomen arteriefase 3.0", 3, "Br38", count=80, **IODINE),
        ],
    ),
    "liver_ct": (
        "DT Lever trefas",
        "ABDOMEN",
        [
            ct("native", "Lever nativ 3.0", 3, "Br38", count=80),
            ct("art", "Lever artärfas 3.0", 3, "Br38", count=80, **IODINE),
            ct("ven", "Buk venfas 3.0", 3, "Br38", **IODINE),
            ct("late", "Lever senfas 3.0", 3, "Br38", count=80, **IODINE),
        ],
    ),
    "stone": (
        "Virtsatiekivien TT",
        "ABDOMEN",
        [
            ct("native", "Natiivi 3.0", 3, "Br38"),
            ct("thin", "Natiivi 1.0", 1, "Br38", count=420),
        ],
    ),
    "urography": (
        "CT UROGRAM",
        "ABDOMEN",
        [
            ct("native", "Non contrast 3mm", 3, "STANDARD"),
            ct("nephro", "Portal venous 3mm", 3, "STANDARD", **IODINE),
            ct("excretory", "Excretory 1.25mm", 1.25, "STANDARD", count=360, **IODINE),
        ],
    ),
    "colon": (
        "DT Kolon",
        "ABDOMEN",
        [
            ct("supine", "Ryggläge 1.0", 1, "Br40", count=450, PatientPosition="FFS"),
            ct("prone", "Bukläge 1.0", 1, "Br40", count=450, PatientPosition="FFP"),
        ],
    ),
    "trauma": (
        "DT Trauma",
        "HEAD",
        [
            ct("brain", "Hjärna 4.0", 4, "Hr38", count=40),
            ct("skull", "Skalle skelett 1.0", 1, "Hr64", count=180),
            ct("neck", "Halsrygg skelett 1.0", 1, "Br64", count=220),
            ct("art", "Thorax buk artärfas 3.0", 3, "Br38", count=220, **IODINE),
            ct("ven", "Thorax buk venfas 3.0", 3, "Br38", count=220, **IODINE),
            ct("lung", "Lungor 1.0", 1, "Bl57", count=350, **IODINE),
            ct("bone", "Thorax buk skelett 1.0", 1, "Br64", count=650, **IODINE),
        ],
    ),
    "angio": (
        "CTA ABDOMINAL AORTA AND RUNOFF",
        "",
        [
            ct("native", "Non contrast 5mm", 5, "STANDARD", count=100),
            ct("cta", "CTA 0.625", 0.625, "STANDARD", count=1400, **IODINE),
            ct("late", "Delayed 5mm", 5, "STANDARD", count=150, **IODINE),
        ],
    ),
    "spine": (
        "Lannerangan TT",
        "SPINE",
        [
            ct("soft", "Pehmytkudos 3.0", 3, "Br38", count=70),
            ct("bone", "Luu 1.0", 1, "Br64", count=210),
            ct("sag", "Luu sag 2.0", 2, "Br64", "sag", 50, **MPR),
        ],
    ),
    "wrist": (
        "CT WRIST LT",
        "EXTREMITY",
        [
            ct("bone", "Wrist bone 0.6", 0.6, "BONEPLUS", count=220),
            ct("soft", "Wrist soft 2", 2, "STANDARD", count=60),
        ],
    ),
    "photon": (
        "DT Thorax buk fotonräknare",
        "CHEST",
        [
            ct("t3d", "Thorax buk 3.0 Qr40 70keV", 3, "Qr40", count=250, **IODINE),
            ct("vmi40", "Mono 40 keV 1.0", 1, "Qr40", count=700, **IODINE),
            ct("vnc", "VNC 1.5", 1.5, "Qr40", count=400),
            ct("iodine", "Iodine map 1.5", 1.5, "Qr40", count=400),
            ct("zeff", "Z effective 1.5", 1.5, "Qr40", count=400),
            ct("uhr", "Lunga 0.2 Bl64", 0.2, "Bl64", count=2000, Rows="1024", Columns="1024", **IODINE),
        ],
    ),
}

MR_SCANS: dict[str, Scan] = {
    "brain": (
        "MR Hjärna med kontrast",
        "HEAD",
        [
            mr("loc", "localizer", count=3),
            mr("t1", "t1_tse_tra", **t1()),
            mr("t2", "t2_tse_tra", **t2()),
            mr("flair", "t2_tirm_tra_dark-fluid", te=90, tr=9000),
            mr("dwi", "ep2d_diff_b1000_TRACEW", te=70, tr=5000, DiffusionBValue="1000"),
            mr("b0", "ep2d_diff_b0", te=70, tr=5000, DiffusionBValue="0"),
            mr("adc", "ep2d_diff_ADC", **ADC),
            mr("swi", "SWI_Images", count=60),
            mr("mip", "mIP_Images(SW)", count=50, **MIP),
            mr("post", "t1_mprage_sag_kontrast", "sag", **vibe(count=176, SliceThickness="1", **GD)),
        ],
    ),
    "sella": (
        "MRI PITUITARY W WO",
        "",
        [
            mr("cor", "COR T1", "cor", **t1()),
            mr("sag", "SAG T1", "sag", **t1()),
            mr("cor_t2", "COR T2", "cor", **t2()),
            mr("cor_post", "COR T1 POST GD", "cor", **t1(**GD)),
            mr("sag_post", "SAG T1 POST GD", "sag", **t1(**GD)),
        ],
    ),
    "lumbar": (
        "MR Lumbalcolumna",
        "LSPINE",
        [
            mr("loc", "loc", "cor", count=5),
            mr("t2", "t2_tse_sag", "sag", **t2(count=15)),
            mr("t1", "t1_tse_sag", "sag", **t1(count=15)),
            mr("stir", "t2_tirm_sag", "sag", te=70, tr=4000, count=15),
            mr("ax", "t2_tse_tra", **t2(count=30)),
        ],
    ),
    "knee": (
        "MR Kne venstre",
        "KNEE",
        [
            mr("loc", "survey", count=9),
            mr("sag", "PD SPAIR sag", "sag", **pd()),
            mr("cor", "PD SPAIR cor", "cor", **pd()),
            mr("ax", "PD SPAIR tra", **pd()),
            mr("t1", "T1 TSE cor", "cor", **t1()),
            mr("pd", "PD TSE sag", "sag", **pd()),
        ],
    ),
    "shoulder": (
        "Olkanivelen MK",
        "SHOULDER",
        [
            mr("cor", "pd_tse_fs_cor", "obl", **pd()),
            mr("ax", "pd_tse_fs_tra", **pd()),
            mr("sag", "t2_tse_fs_sag", "obl", **t2()),
            mr("t1", "t1_tse_sag", "obl", **t1()),
        ],
    ),
    "ankle": (
        "MRI ANKLE LT",
        "",
        [
            mr("sag", "SAG STIR", "sag", te=40, tr=4000),
            mr("cor", "COR PD FS", "cor", **pd()),
            mr("ax", "AX PD FS", **pd()),
            mr("t1", "SAG T1", "sag", **t1()),
        ],
    ),
    "prostate": (
        "MR Prostata",
        "PELVIS",
        [
            mr("ax", "t2_tse_tra", **t2()),
            mr("cor", "t2_tse_cor", "cor", **t2()),
            mr("sag", "t2_tse_sag", "sag", **t2()),
            mr("b800", "ep2d_diff_b50_800_TRACEW", te=70, tr=5000, DiffusionBValue=("50", "800")),
            mr("b1500", "ep2d_diff_calc_b1500", te=70, tr=5000),
            mr("adc", "ep2d_diff_ADC", **ADC),
            mr("dce", "t1_twist_dyn_tra", NumberOfTemporalPositions="40", **vibe(count=1200, **GD)),
            mr("t1", "t1_tse_tra_bäcken", **t1()),
        ],
    ),
    "rectum": (
        "MR Rektum",
        "PELVIS",
        [
            mr("sag", "t2_tse_sag", "sag", **t2()),
            mr("ax", "t2_tse_tra_hr", **t2()),
            mr("cor", "t2_tse_cor_hr", "cor", **t2()),
            mr("dwi", "ep2d_diff_b1000", te=70, tr=5000, DiffusionBValue="1000"),
            mr("adc", "ADC", **ADC),
        ],
    ),
    "liver": (
        "MR Lever Primovist",
        "LIVER",
        [
            mr("cor", "t2_haste_cor", "cor", **t2()),
            mr("t2", "t2_haste_tra", **t2()),
            mr("in", "t1_vibe_dixon_tra_in", **vibe()),
            mr("opp", "t1_vibe_dixon_tra_opp", **vibe()),
            mr("dwi", "ep2d_diff_b800", te=60, tr=4000, DiffusionBValue="800"),
            mr("adc", "ep2d_diff_ADC", **ADC),
            mr("pre", "t1_vibe_fs_tra_nativ", **vibe()),
            mr("art", "t1_vibe_fs_tra_artär", **vibe(**GD)),
            mr("ven", "t1_vibe_fs_tra_portavenös", **vibe(**GD)),
            mr("hbp", "t1_vibe_fs_tra_20 min", **vibe(**GD)),
            mr("mrcp", "MRCP 3D", "cor", te=700, tr=5000),
        ],
    ),
    "breast": (
        "Rintojen MK",
        "BREAST",
        [
            mr("t2", "t2_tirm_tra", te=70, tr=5000),
            mr("pre", "t1_fl3d_tra_natiivi", **vibe(count=160)),
            mr("dyn", "t1_fl3d_tra_dyn", NumberOfTemporalPositions="5", **vibe(count=800, **GD)),
            mr("sub", "t1_fl3d_tra_dyn_sub", **vibe(count=160, **GD)),
            mr("mip", "t1_fl3d_tra_dyn_sub_MIP", count=30, **MIP),
            mr("dwi", "ep2d_diff_b800", te=70, tr=5000, DiffusionBValue="800"),
            mr("adc", "ep2d_diff_ADC", **ADC),
        ],
    ),
    "heart": (
        "MRI CARDIAC",
        "HEART",
        [
            mr("ch2", "cine 2ch", "obl", count=25),
            mr("ch4", "cine 4ch", "obl", count=25),
            mr("sax", "cine sax", "obl", count=250),
            mr("lge", "psir lge sax", "obl", count=12),
            mr("t1map", "T1 map sax", "obl", count=3),
        ],
    ),
    "neck_mra": (
        "MRA NECK",
        "",
        [
            mr("ce", "CE MRA cor", "cor", **vibe(**GD)),
            mr("sub", "CE MRA sub", "cor", **vibe(**GD)),
            mr("mip", "MIP", count=24, **MIP),
        ],
    ),
    "kidneys": (
        "MR Nyrer",
        "ABDOMEN",
        [
            mr("cor", "T2 HASTE cor", "cor", **t2()),
            mr("t2", "T2 HASTE tra", **t2()),
            mr("dwi", "DWI b800", te=60, tr=4000, DiffusionBValue="800"),
            mr("pre", "T1 mDIXON tra nativ", **vibe()),
            mr("post", "T1 mDIXON tra m kontrast", **vibe(**GD)),
        ],
    ),
}

OTHER_SCANS: dict[str, Scan] = {
    "chest_film": (
        "Lungröntgen",
        "CHEST",
        [
            other("lat", "DX", "Thorax sida", ViewPosition="LL"),
            other("pa", "DX", "Thorax PA", ViewPosition="PA", **FILM),
        ],
    ),
    "pelvis_film": (
        "Røntgen av bekken og hofte",
        "PELVIS",
        [
            other("lat", "DX", "Hofte side", ViewPosition="LAT"),
            other("ap", "DX", "Bekken front", ViewPosition="AP"),
        ],
    ),
    "spine_film": (
        "Lannerangan rtg",
        "LSPINE",
        [
            other("lat", "DX", "LS-ranka sivu", ViewPosition="LL"),
            other("ap", "DX", "LS-ranka ap", ViewPosition="AP"),
        ],
    ),
    "abdomen_film": (
        "Røntgenoversigt over abdomen",
        "ABDOMEN",
        [
            other("up", "DX", "Stående", ViewPosition="AP"),
            other("down", "DX", "Liggende", ViewPosition="AP"),
        ],
    ),
    "hand_film": (
        "Hand vä",
        "HAND",
        [
            other("pa", "DX", "PA", ViewPosition="PA"),
            other("obl", "DX", "Sned", ViewPosition="RAO"),
            other("lat", "DX", "Sida", ViewPosition="LL"),
        ],
    ),
    "pet": (
        "PET-DT helkropp FDG",
        "",
        [
            ct("ct", "Lågdos-CT 3.0", 3, "Br38", count=300),
            ct("lung", "Lunga 1.5", 1.5, "Bl57", count=300),
            other("ac", "PT", "PET WB", 300, **PET),
            other("nac", "PT", "PET WB Uncorrected", 300, **NAC),
        ],
    ),
    "petmr": (
        "PET MR BRAIN",
        "HEAD",
        [
            mr("t1", "t1_mprage", **vibe(count=176, SliceThickness="1")),
            mr("flair", "t2_flair", te=90, tr=9000),
            other("ac", "PT", "PET AC", 120, **PET),
        ],
    ),
    "bone": (
        "Skelettscintigrafi",
        "",
        [
            other("wb", "NM", "Helkropp", 1, ImageType=("ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"), frames=2),
            other("st", "NM", "Statisk", 1, ImageType=("ORIGINAL", "PRIMARY", "STATIC", "EMISSION")),
        ],
    ),
    "spect": (
        "NM PARATHYROID SPECT/CT",
        "",
        [
            other("pl", "NM", "Planar", 1, ImageType=("ORIGINAL", "PRIMARY", "STATIC", "EMISSION")),
            other("sp", "NM", "SPECT AC", 1, ImageType=("ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"), frames=80),
            ct("ct", "CT 2mm", 2, "Br40"),
        ],
    ),
    "biplane": (
        "Angiografi cerebralt",
        "",
        [
            other("a", "XA", "A", 1, ImageType=("ORIGINAL", "PRIMARY", "BIPLANE A"), frames=30),
            other("b", "XA", "B", 1, ImageType=("ORIGINAL", "PRIMARY", "BIPLANE B"), frames=30),
        ],
    ),
    "echo": (
        "Ultraljud buk",
        "",
        [
            other("rep", "US", "Worksheet", 1),
            other("clips", "US", "", 24),
        ],
    ),
}

SCANS = {**CT_SCANS, **MR_SCANS, **OTHER_SCANS}

"""Synthetic images of IMPC: any number of documents, each made when it is looked at, along three releases.

Of a hundred documents, some are as IMPC's are known to be: without a centre, without a file type, with
addresses of other hosts, with arrays that do not belong together, twice in a release and once in the next.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, timedelta

from include.sandbox.row import Row
from include.sandbox.synthetic.study_plan import draw
from include.sources.impc.release import ImpcRelease

IMPC_RELEASES = tuple(ImpcRelease(*number) for number in ((20, 1), (22, 1), (24, 0)))
_DUPLICATES_END, _MOVED = IMPC_RELEASES[1], IMPC_RELEASES[2]

CENTRES = (
    "MRC Harwell",
    "UC Davis",
    "WTSI",
    "TCP",
    "JAX",
    "ICS",
    "HMGU",
    "BCM",
    "CCP-IMG",
    "RBRC",
    "KMPC",
    "MARC",
)
#: Symbol, accession at MGI, accession and name of an allele.
GENES = (
    ("Ifng", "MGI:107656", "MGI:4432690", "Ifng<tm1a(KOMP)Wtsi>"),
    ("Il21", "MGI:1890474", "MGI:5548881", "Il21<tm1b(EUCOMM)Hmgu>"),
    ("Pdcd1", "MGI:104879", "MGI:5613648", "Pdcd1<em1(IMPC)J>"),
    ("Dbn1", "MGI:1931838", "MGI:4432674", "Dbn1<tm1b(KOMP)Wtsi>"),
    ("Ascc2", "MGI:1922702", "MGI:6153760", "Ascc2<em1(IMPC)Tcp>"),
)
#: Procedure, its name, parameter, its name, terms of what the image shows.
PROCEDURES = (
    ("IMPC_XRY_001", "X-ray", "IMPC_XRY_048_001", "XRay Images Whole Body Lateral Orientation", "skeleton"),
    ("IMPC_XRY_001", "X-ray", "IMPC_XRY_051_001", "XRay Images Skull Dorso Ventral Orientation", "skeleton"),
    ("IMPC_EYE_003", "Eye Morphology", "IMPC_EYE_078_001", "VIP of right eye", "eye"),
    ("IMPC_ALZ_001", "Adult LacZ", "IMPC_ALZ_076_001", "LacZ Images Wholemount", "expression"),
    ("IMPC_ELZ_001", "Embryo LacZ", "IMPC_ELZ_064_001", "LacZ images wholemount", "embryo"),
    ("IMPC_PAT_002", "Gross Pathology and Tissue Collection", "IMPC_PAT_057_002", "Images", "pathology"),
)
_ANATOMY = (
    ("MA:0000009", "adipose tissue", "MA:0002411", "cavities or linings"),
    ("MA:0000168", "brain", "MA:0000016", "nervous system"),
    ("MA:0000072", "heart", "MA:0000010", "cardiovascular system"),
    ("EMAPA:16105", "heart", "EMAPA:16104", "cardiovascular system"),
    ("MA:0000368", "kidney", "MA:0000325", "urinary system"),
)
_MP = (
    ("MP:0002109", "abnormal limb morphology", "MP:0005371", "limbs/digits/tail phenotype"),
    ("MP:0001304", "cataract", "MP:0005391", "vision/eye phenotype"),
    ("MP:0000137", "abnormal vertebrae morphology", "MP:0005390", "skeleton phenotype"),
)
_FILE_TYPES = ("image/jpeg", "image/jpg", "img/dcm", "image/dicom", "image/tiff", "image/png", "image/bmp",
               "application/dicom", "application/pdf", None)  # fmt: skip
#: OMERO's number of the first image.
_FIRST_OMERO = 100_000
_OMERO = "//www.ebi.ac.uk/mi/media/omero/webgateway"


class SyntheticImages:
    """As many documents as wanted.

    :param count: documents of the newest release, about.
    :param seed: another one, other values.
    """

    releases: Sequence[ImpcRelease] = IMPC_RELEASES

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed = count, seed

    def numbers(self, release: ImpcRelease) -> Sequence[int]:
        """See `ImageWorld`. One in fifty is a second observation of an image until DR22.1 drops these."""
        last = self._count - (self._count // 20 if release < IMPC_RELEASES[-1] else 0)
        return [
            number
            for number in range(last)
            if not (self._is_duplicate(number) and release >= _DUPLICATES_END)
            and not (number % 97 == 41 and release == IMPC_RELEASES[-1])  # withdrawn
        ]

    def centre(self, number: int, release: ImpcRelease) -> str | None:
        """See `ImageWorld`. One in 61 moves at DR24.0."""
        if number % 53 == 17:
            return None
        place = draw(self._seed, "centre", self._image(number)) % len(CENTRES)
        if number % 61 == 9 and release >= _MOVED:
            place += 1
        return CENTRES[min(place * place // 8, len(CENTRES) - 1) if place < 10 else place % len(CENTRES)]

    def document(self, number: int, release: ImpcRelease) -> Row:
        """See `ImageWorld`."""
        image = self._image(number)
        at, of_mouse = draw(self._seed, "image", image), draw(self._seed, "specimen", image // 4)
        gene, mgi, allele_id, allele = GENES[of_mouse % len(GENES)]
        procedure, procedure_name, parameter, parameter_name, shown = PROCEDURES[(at >> 8) % len(PROCEDURES)]
        is_control = of_mouse % 3 == 0
        born = date(2012, 1, 1) + timedelta(days=of_mouse % 3000)
        weeks = 9 + at % 8
        done = born + timedelta(weeks=weeks)
        row: Row = {
            "observation_id": self._digest("observation", number),
            "specimen_id": self._digest("specimen", image // 4),
            "phenotyping_center": self.centre(number, release),
            "production_center": CENTRES[(of_mouse >> 16) % len(CENTRES)],
            "zygosity": None
            if is_control
            else ("heterozygote", "homozygote", "hemizygote")[(of_mouse >> 5) % 3],
            "sex": ("female", "male", "male", "female", "no_data", "NA")[(of_mouse >> 7) % 6],
            "biological_sample_group": "control" if is_control else "experimental",
            "strain_accession_id": "MGI:2683688" if of_mouse % 2 else "MGI:2159965",
            "strain_name": "C57BL/6NCrl" if of_mouse % 2 else "C57BL/6N",
            "genetic_background": "involves: C57BL/6NCrl" if of_mouse % 2 else "involves: C57BL/6N",
            "colony_id": f"C{of_mouse % 500}",
            "date_of_birth": f"{born}T00:00:00Z" if image // 4 % 29 else str(born),
            "external_sample_id": f"M{image // 4}",
            "life_stage_name": "Early adult" if shown != "embryo" else "E12.5",
            "life_stage_acc": "IMPCLS:0005" if shown != "embryo" else "IMPCLS:0002",
            "datasource_name": "IMPC",
            "project_name": ("MGP", "BaSH", "DTCC")[at % 3],
            "pipeline_name": "IMPC Pipeline",
            "pipeline_stable_id": "IMPC_001",
            "procedure_name": procedure_name,
            "procedure_stable_id": procedure,
            "procedure_group": procedure.rpartition("_")[0],
            "parameter_name": parameter_name,
            "parameter_stable_id": parameter,
            "experiment_id": self._digest("experiment", image // 8),
            "observation_type": "image_record",
            "experiment_source_id": f"exp-{image // 8}",
            "date_of_experiment": f"{done}T00:00:00Z" if number % 31 else str(done),
            "metadata": self._metadata(at),
            "metadata_group": self._digest("metadata", json.dumps(self._metadata(at))),
            "sequence_id": 1 + at % 3,
            "age_in_weeks": weeks,
            "age_in_days": weeks * 7,
        }
        if not is_control:
            row |= {
                "gene_accession_id": mgi,
                "gene_symbol": gene,
                "allele_accession_id": allele_id,
                "allele_symbol": allele,
                "allelic_composition": f"{allele}/{gene}<+>",
            }
        if number % 4 == 0:
            row |= {
                "weight": round(18 + (at % 1500) / 100, 2),
                "weight_date": f"{done}T00:00:00Z",
                "weight_days_old": weeks * 7,
                "weight_parameter_stable_id": "IMPC_DXA_001_001",
            }
        if release == IMPC_RELEASES[-1] and number % 47 == 5:
            row["text_value"] = "re-read"  # corrected
        row |= self._terms(number, at, shown) | self._file(number, image, at)
        return {name: value for name, value in row.items() if value not in (None, [])}

    def file(self, address: str) -> bytes | None:
        """See `ImageWorld`."""
        folder, _, last = address.rpartition("/")
        if folder.endswith("/getfile"):
            return next(
                (
                    found
                    for image in range(self._count)
                    if _sha256(found := file_of(self._seed, image)) == last
                ),
                None,
            )
        image = int(last) - _FIRST_OMERO if last.isdecimal() else -1
        if not 0 <= image < self._count:
            return None
        is_small = folder.endswith("/render_birds_eye_view")
        return thumbnail_of(self._seed, image) if is_small else file_of(self._seed, image)

    def _is_duplicate(self, number: int) -> bool:
        return number % 50 == 49

    def _image(self, number: int) -> int:
        """The image of an observation: a duplicate has that of the document before."""
        return number - 1 if self._is_duplicate(number) else number

    def _digest(self, *what: object) -> str:
        return hashlib.md5(repr((self._seed, *what)).encode(), usedforsecurity=False).hexdigest()

    def _metadata(self, at: int) -> list[str]:
        return [
            f"Equipment name = {('MX20', 'Faxitron', 'Bioptics')[at % 3]}",
            f"Equipment manufacturer = {('Faxitron', 'Kubtec')[at % 2]}",
            f"Date equipment last calibrated = 2014-0{1 + at % 9}-01",
            "Anesthesia used",
        ]

    def _terms(self, number: int, at: int, shown: str) -> Row:
        """Terms of what an image shows; some as arrays that do not belong together."""
        if shown in ("expression", "embryo"):
            first, second = _ANATOMY[at % len(_ANATOMY)], _ANATOMY[(at + 1) % len(_ANATOMY)]
            pair = (first, second) if number % 5 == 0 else (first,)
            found: Row = {
                "anatomy_id": [item[0] for item in pair],
                "anatomy_term": [item[1] for item in pair],
                "anatomy_id_term": [f"{item[0]}_{item[1]}" for item in pair],
                "anatomy_term_synonym": [f"{first[1]} (adult)", "organ"],
                "top_level_anatomy_id": [item[2] for item in pair],
                "top_level_anatomy_term": [item[3] for item in pair],
                "selected_top_level_anatomy_id": [item[2] for item in pair],
                "selected_top_level_anatomy_term": [item[3] for item in pair],
                "parameter_association_stable_id": [f"IMPC_ALZ_0{10 + at % 9}_001", "IMPC_ALZ_020_001"],
                "parameter_association_name": [item[1] for item in (first, second)],
                "parameter_association_value": ["expression", ("no expression", "ambiguous")[at % 2]],
            }
            if number % 3 == 0:  # null sequences are skipped
                found["parameter_association_sequence_id"] = ["1"] if number % 2 else ["1", "2"]
            if len(pair) == 2 and number % 2 == 0:  # the names in another order than the identifiers
                found["anatomy_term"] = [item[1] for item in reversed(pair)]
            return found
        mp = _MP[at % len(_MP)]
        if shown == "eye" and number % 2:
            other = _MP[(at + 1) % len(_MP)]
            ids = [mp[0], other[0]] if number % 3 else [mp[0]]
            return {"mp_id": ids, "mp_term": [mp[1], other[1]],
                    "sub_term_id": [mp[0]], "sub_term_name": [mp[1]],
                    "sub_term_description": ["seen in one eye"]}  # fmt: skip
        if shown == "pathology" and number % 2:
            return {
                "mp_id": [mp[0]],
                "mp_term": [mp[1]],
                "top_level_mp_id": [mp[2]],
                "top_level_mp_term": [mp[3]],
            }
        return {}

    def _file(self, number: int, image: int, at: int) -> Row:
        """Where the file of an image lies."""
        kind = _FILE_TYPES[at % len(_FILE_TYPES)]
        sha256 = _sha256(file_of(self._seed, image))
        path = f"/nfs/komp2/web/images/clean/impc/{at % 100}/{sha256}"
        if number % 37 == 3:
            link = f"https://images.example.org/{image}.ndpi"
            return {"file_type": kind, "omero_id": "-1", "image_link": link, "download_file_path": path}
        omero = str(_FIRST_OMERO + image)
        download = f"{_OMERO}/archived_files/download/{omero}"
        if number % 8 == 2:
            download = f"https://api.mousephenotype.org/tracker/media/getfile/{sha256}"
        thumbnail = None if kind == "application/pdf" else f"{_OMERO}/render_birds_eye_view/{omero}"
        return {
            "file_type": kind,
            "omero_id": omero,
            "download_url": download,
            "jpeg_url": f"{_OMERO}/render_image/{omero}",
            "thumbnail_url": thumbnail,
            "download_file_path": path,
        }


def file_of(seed: int, image: int) -> bytes:
    """The bytes of the file of an image."""
    return b"\xff\xd8\xff\xe0" + b"synthetic image %d of world %d\n" % (image, seed) * 40


def thumbnail_of(seed: int, image: int) -> bytes:
    """The bytes of the small picture of an image."""
    return b"\xff\xd8\xff\xe0small picture of image %d of world %d" % (image, seed)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

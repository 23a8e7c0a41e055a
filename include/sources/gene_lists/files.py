"""Where gene lists lie in ImmPort's public bucket, which needs no key.

The addresses under `current` are those that clients use. Those under `legacy` are assumed: where ImmPort's
older pages had these files is not known any more. They are declared here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The public bucket, and the folders of the two generations in it.
BUCKET = "https://s3.immport.org"
CURRENT, LEGACY = "/release/genelists/current", "/release/genelists/legacy"


@dataclass(frozen=True)
class PublicFile:
    """A file of the bucket, or one for each list.

    :param name: the word for it in reports, and in the sandbox's faults.
    :param path: its address under the bucket's; `{scope}` stands for a list.
    :param about: what it holds.
    :param names: what stands for a list in the address, where that is not its id.
    """

    name: str
    path: str
    about: str
    names: Mapping[str, str] = field(default_factory=dict)

    def address(self, scope: str) -> str:
        """Its address, of one list where there is one for each; not percent-encoded."""
        return self.path.replace("{scope}", self.names.get(scope, scope))


#: The file of each legacy category; most names are assumed, as the addresses are.
CATEGORY_FILES: Mapping[str, str] = {
    "Antigen_Processing_and_Presentation": "Antigen_Processing_and_Presentation",
    "Antimicrobials": "Antimicrobials",
    "BCRSignalingPathway": "BCR_Signaling_Pathway",
    "Chemokine_Receptors": "Chemokine_Receptors",
    "Chemokines": "Chemokines",
    "Cytokine_Receptors": "Cytokine_Receptors",
    "Cytokines": "Cytokines",
    "Interferon_Receptor": "Interferon_Receptors",
    "Interferons": "Interferons",
    "Interleukins": "Interleukins",
    "Interleukins_Receptor": "Interleukins_Receptors",
    "NaturalKiller_Cell_Cytotoxicity": "NaturalKiller_Cell_Cytotoxicity",
    "TCRsignalingPathway": "TCR_Signaling_Pathway",
    "TGFb_Family_Member": "TGF-b_Family_Members",
    "TGFb_Family_Member_Receptor": "TGF-b_Family_Members_Receptors",
    "TNF_Family_Members": "TNF_Family_Members",
    "TNF_Family_Members_Receptors": "TNF_Family_Members_Receptors",
}

CATALOGUE = PublicFile(
    "geneListCatalogue", f"{CURRENT}/all_gene_lists.json", "all lists: name, id, source, link, count of genes"
)
GMT = PublicFile("geneListGmt", f"{CURRENT}/all_gene_lists.gmt", "all lists with their symbols, one a line")
LIST_JSON = PublicFile("geneListJson", f"{CURRENT}/{{scope}}.json", "the genes of one list")
LIST_TEXT = PublicFile("geneListText", f"{CURRENT}/{{scope}}.txt", "the genes of one list")
TABLE = PublicFile("legacyGeneLists", f"{LEGACY}/GeneList.txt", "the genes of all legacy lists")
ANNOTATIONS = PublicFile(
    "legacyGeneAnnotations", f"{LEGACY}/GeneListGOAnnotation.txt", "the GO terms of the genes of legacy lists"
)
CATEGORY = PublicFile(
    "legacyGeneCategory", f"{LEGACY}/{{scope}}.txt", "the genes of one legacy list", CATEGORY_FILES
)

#: All files, those of one address first: `{scope}` would stand for their names, too.
PUBLIC_FILES: Mapping[str, PublicFile] = {
    file.name: file for file in (CATALOGUE, GMT, TABLE, ANNOTATIONS, LIST_JSON, LIST_TEXT, CATEGORY)
}

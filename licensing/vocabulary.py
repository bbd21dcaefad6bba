"""The licence ids that a row can carry.

SPDX ids where SPDX has one, `LicenseRef-JP-…` elsewhere. `LicenseRef-PDL-1.0` is not used for 公共データ利用規約: it
already means another licence (Public Documentation License 1.0).
"""

from dataclasses import dataclass

NOASSERTION = "NOASSERTION"
NO_RIGHT = "LicenseRef-JP-NoRight-Art13"


@dataclass(frozen=True, slots=True)
class Licence:
    """`card` is the id on a Hub dataset card; `grants` says whether a reviewed page of it may open the text; `credit`
    is the name under which its own terms want to be cited.

    What does not grant by itself (research only, non-commercial, limitations of copyright) is left to a person.
    """

    id: str
    name: str
    url: str = ""
    card: str = "other"
    grants: bool = True
    credit: str = ""


_CC = "https://creativecommons.org"
_PDL = "https://www.digital.go.jp/resources/open_data/public_data_license_v1.0"
_LICENCES = (
    Licence("LicenseRef-JP-PDL-1.0", "公共データ利用規約（第1.0版）", _PDL, credit="PDL1.0"),
    Licence("LicenseRef-JP-GJSTU-2.0", "政府標準利用規約（第2.0版）"),
    Licence("LicenseRef-JP-GJSTU-1.1", "政府標準利用規約（第1.1版）"),
    Licence("LicenseRef-JP-GJSTU-1.0", "政府標準利用規約（第1.0版）"),
    Licence("LicenseRef-JP-GovTerms-Unversioned", "政府標準の文面による利用規約（名称・版の記載なし）"),
    Licence(
        "LicenseRef-CC-BY-2.1-JP",
        "クリエイティブ・コモンズ 表示 2.1 日本",
        f"{_CC}/licenses/by/2.1/jp/",
        credit="CC BY 2.1 JP",
    ),
    Licence(
        "CC-BY-4.0",
        "Creative Commons Attribution 4.0",
        f"{_CC}/licenses/by/4.0/",
        "cc-by-4.0",
        credit="CC BY 4.0",
    ),
    Licence(
        "CC-BY-SA-4.0",
        "Creative Commons Attribution-ShareAlike 4.0",
        f"{_CC}/licenses/by-sa/4.0/",
        "cc-by-sa-4.0",
        credit="CC BY-SA 4.0",
    ),
    Licence(
        "CC-BY-NC-4.0",
        "Creative Commons Attribution-NonCommercial 4.0",
        f"{_CC}/licenses/by-nc/4.0/",
        "cc-by-nc-4.0",
        grants=False,
    ),
    Licence("CC0-1.0", "Creative Commons Zero 1.0", f"{_CC}/publicdomain/zero/1.0/", "cc0-1.0"),
    Licence("CC-PDM-1.0", "Public Domain Mark 1.0", f"{_CC}/publicdomain/mark/1.0/"),
    Licence(
        "ODC-By-1.0", "Open Data Commons Attribution 1.0", "https://opendatacommons.org/licenses/by/1-0/", "odc-by"
    ),
    Licence(
        "PDDL-1.0", "Public Domain Dedication and License 1.0", "https://opendatacommons.org/licenses/pddl/1-0/", "pddl"
    ),
    Licence(NO_RIGHT, "著作権法第13条により権利の目的とならない著作物"),
    Licence("LicenseRef-JP-Art40-1", "著作権法第40条第1項（政治上の演説等の利用）", grants=False),
    Licence("LicenseRef-JP-AllRightsReserved", "利用の許諾なし", grants=False),
    Licence(NOASSERTION, "判断できない", grants=False),
)
_FAMILIES = (
    Licence("LicenseRef-JP-SiteTerms.", "サイト独自の利用規約"),
    Licence("LicenseRef-JP-ResearchOnly.", "研究目的に限る利用規約", grants=False),
)

VOCABULARY = {licence.id: licence for licence in _LICENCES}


def find(licence_id: str) -> Licence | None:
    """The licence of an id; `LicenseRef-JP-SiteTerms.<host>` and the like are found by their family."""
    if licence_id in VOCABULARY:
        return VOCABULARY[licence_id]
    for family in _FAMILIES:
        if licence_id.startswith(family.id) and licence_id != family.id:
            return family
    return None

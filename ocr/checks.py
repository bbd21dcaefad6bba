"""What `kobunko doctor` says of the models that OCR runs with."""

from kobunko.doctor import Check
from kobunko.errors import KobunkoError
from kobunko.ocr import models
from kobunko.settings import OcrSettings


def model_checks(settings: OcrSettings) -> list[Check]:
    """Which models OCR runs with, and whether they are here."""
    found = []
    for name, weights in models.WEIGHTS.items():
        try:
            found.append(Check(name, True, str(models.find_weights(weights))))
        except KobunkoError as error:
            found.append(Check(name, False, "missing", str(error)))
    try:
        used = models.folders(settings, models.models_folder() / models.MODEL_SET)
        with_ = ", ".join(f"{task} {at.folder.name}" for task, at in used.items())
        found.append(Check("OCR runs with", True, f"{settings.engine} on {settings.device}: {with_}"))
    except KobunkoError as error:
        found.append(Check("OCR runs with", False, "a model is missing", str(error)))
    return found

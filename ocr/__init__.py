"""Page images to text: PaddleOCR on weights that come with the install, reading order, confidence."""

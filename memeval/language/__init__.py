"""How texts of any language become words that can be compared: folding, detection, segmentation, stems."""

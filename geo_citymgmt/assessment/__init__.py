"""The monthly assessment (月度考核): scores, ranks, whom to call in, where to look."""

"""Finds faces in pictures and describes them: landmarks, pose, person mask, the square to animate."""

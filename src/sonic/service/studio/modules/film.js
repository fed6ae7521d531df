// Videos in place of a portrait: their person speaks anew.

/** Whether a file is a video. */
export const isFilm = (file) => file.type.startsWith("video/");

/** The address of a picture of a video's first frame; an empty one where the browser cannot read the video. */
export function firstFrame(file) {
  return new Promise((resolve) => {
    const film = document.createElement("video");
    film.muted = true;
    film.preload = "auto";
    film.addEventListener("error", () => resolve(""));
    film.addEventListener("loadeddata", () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [film.videoWidth, film.videoHeight];
      canvas.getContext("2d").drawImage(film, 0, 0);
      URL.revokeObjectURL(film.src);
      canvas.toBlob((blob) => resolve(blob ? URL.createObjectURL(blob) : ""));
    });
    film.src = URL.createObjectURL(file);
  });
}

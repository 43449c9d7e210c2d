// Image phase: one image as an OCI layout in a tar, made while it is read, for containerd's import (PF-3).
import { mediaTypes } from "../format/descriptor";
import { END, encodeHeader, paddingOf } from "../tar/header";
import type { PlannedImage } from "./plan";
import type { ImageSource } from "./source";

/** By this annotation containerd takes a name as it is: a pod's reference by digest then finds the image. */
const NAME = "io.containerd.image.name";

/**
 * The tar's bytes, one image in it.
 * @param reference name that containerd gives it, such as `registry.example.com/sanctum/backend@sha256:…`
 */
export async function* layoutTar(source: ImageSource, image: PlannedImage, reference: string): AsyncGenerator<Buffer> {
  const own = image.manifests.at(-1);
  if (!own) return;
  const { bytes: _, ...descriptor } = own;
  const named = { ...descriptor, annotations: { [NAME]: reference } };
  yield* entry("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [named] };
  yield* entry("index.json", Buffer.from(JSON.stringify(index)));
  for (const { digest, bytes } of image.manifests) yield* entry(nameOf(digest), bytes);
  for (const blob of image.blobs) {
    yield encodeHeader(nameOf(blob.digest), blob.size);
    for await (const chunk of source.stream(blob) as AsyncIterable<Buffer>) yield chunk;
    yield Buffer.alloc(paddingOf(blob.size));
  }
  yield Buffer.alloc(END);
}

const nameOf = (digest: string) => `blobs/${digest.replace(":", "/")}`;

function* entry(name: string, content: Buffer): Generator<Buffer> {
  yield encodeHeader(name, content.length);
  yield content;
  yield Buffer.alloc(paddingOf(content.length));
}

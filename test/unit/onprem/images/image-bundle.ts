// Tests: images as an open bundle holds them, in a directory of blobs; made from random bytes, with what is attached to them.
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { ImageSource } from "../../../../src/onprem/images/source";

interface Blob {
  mediaType: string;
  digest: string;
  size: number;
}

export interface MadeImage {
  repository: string;
  digest: string;
}

const OCI = "application/vnd.oci.image";
export const SIGSTORE = "application/vnd.dev.sigstore.bundle.v0.3+json";
export const SIGNATURE = "https://sigstore.dev/cosign/sign/v1";
export const PROVENANCE = "https://slsa.dev/provenance/v1";

/** A bundle under construction; also the bundle itself. */
export class MadeBundle implements ImageSource {
  readonly images: MadeImage[] = [];
  readonly #manifests: ImageSource["index"]["manifests"] = [];
  /** How often each blob was opened. */
  readonly opened = new Map<string, number>();

  constructor(private readonly directory: string) {}

  get index(): ImageSource["index"] {
    return { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: this.#manifests };
  }

  file(digest: string): string {
    return join(this.directory, digest.replace("sha256:", ""));
  }

  add(mediaType: string, bytes: Buffer): Blob {
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    if (!existsSync(this.file(digest))) writeFileSync(this.file(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  addJson(mediaType: string, value: object): Blob {
    return this.add(mediaType, Buffer.from(JSON.stringify(value)));
  }

  layer(size: number): Blob {
    // What begins as gzip does is packed by no tool once more.
    return this.add(`${OCI}.layer.v1.tar+gzip`, gzipSync(randomBytes(size), { level: 0 }));
  }

  /** An image of these layers, signed by nobody, but with what looks like a signature and provenance. */
  image(repository: string, layers: Blob[], attached: string[] = [SIGNATURE, PROVENANCE]): MadeImage {
    const config = this.addJson(`${OCI}.config.v1+json`, {
      architecture: "amd64",
      os: "linux",
      config: { Labels: { of: repository } },
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    });
    const mediaType = `${OCI}.manifest.v1+json`;
    const manifest = this.addJson(mediaType, { schemaVersion: 2, mediaType, config, layers });
    return this.name(repository, manifest, attached);
  }

  /** Names what lies there already, and attaches statements to it. */
  name(repository: string, manifest: Blob, attached: string[]): MadeImage {
    this.#manifests.push({ ...manifest, annotations: { "org.opencontainers.image.ref.name": repository } });
    for (const predicateType of attached) this.attach(manifest, predicateType);
    const made = { repository, digest: manifest.digest };
    this.images.push(made);
    return made;
  }

  /** @param signed text of a signed statement; unless given, what nobody has signed */
  attach(
    subject: Blob,
    predicateType: string,
    signed = JSON.stringify({ predicateType, subject: subject.digest }),
  ): Blob {
    const mediaType = `${OCI}.manifest.v1+json`;
    const statement = this.add(SIGSTORE, Buffer.from(signed));
    const empty = this.add("application/vnd.oci.empty.v1+json", Buffer.from("{}"));
    const referrer = this.addJson(mediaType, {
      schemaVersion: 2,
      mediaType,
      artifactType: SIGSTORE,
      config: empty,
      layers: [statement],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
      annotations: { "dev.sigstore.bundle.predicateType": predicateType },
    });
    this.#manifests.push({ ...referrer, artifactType: SIGSTORE });
    return referrer;
  }

  async read({ digest }: { digest: string }): Promise<Buffer> {
    return readFileSync(this.file(digest));
  }

  /** Each is spoilt once the next one is asked for: of whoever uses it longer, the registry gets other bytes. */
  async *pieces(descriptor: { digest: string }, start = 0): AsyncGenerator<Buffer> {
    for await (const chunk of this.stream(descriptor, start)) {
      const piece = Buffer.from(chunk as Buffer);
      yield piece;
      piece.fill(0);
    }
  }

  stream({ digest }: { digest: string }, start = 0) {
    this.opened.set(digest, (this.opened.get(digest) ?? 0) + 1);
    return createReadStream(this.file(digest), { start, highWaterMark: 256 * 1024 });
  }
}

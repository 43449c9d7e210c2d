// AWS components: an image built on the spot by the Docker daemon at hand, for dev (RT-3). Everywhere else images come by digest (RT-1).
import { getAuthorizationTokenOutput } from "@pulumi/aws/ecr/getAuthorizationToken";
import { Image } from "@pulumi/docker/image";
import * as pulumi from "@pulumi/pulumi";

export interface ImageBuildArgs {
  /** URL of the repository it is pushed to, without tag. */
  repositoryUrl: pulumi.Input<string>;
  /** Directory the image is built from. */
  context: string;
  /** Default: `Dockerfile` in the context. */
  dockerfile?: string;
  /** False where the registry is none, as in a local AWS: the image stays with the daemon that built it. */
  push: boolean;
}

/**
 * Needs the `docker` plugin and a daemon. Tests run it against mocks only: neither a daemon nor the plugin can be had where
 * they run.
 */
export class ImageBuild extends pulumi.ComponentResource {
  /** Digest of the manifest that was pushed; of an image that was not, its id. */
  readonly digest: pulumi.Output<string>;

  constructor(name: string, args: ImageBuildArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:ImageBuild", name, {}, options);
    const image = new Image(
      name,
      {
        imageName: pulumi.interpolate`${args.repositoryUrl}:dev`,
        build: { context: args.context, dockerfile: args.dockerfile, platform: "linux/amd64" },
        skipPush: !args.push,
        ...(args.push && { registry: this.credentials(args.repositoryUrl) }),
      },
      { parent: this },
    );
    this.digest = image.repoDigest.apply(digestOf);
    this.registerOutputs({ digest: this.digest });
  }

  /** A password of twelve hours, which stays a secret of the state. */
  private credentials(server: pulumi.Input<string>) {
    const token = pulumi.secret(getAuthorizationTokenOutput({}, { parent: this }));
    return { server, username: token.userName, password: token.password };
  }
}

/** @throws Error unless `reference` is a digest, or ends in one. */
export function digestOf(reference: string): string {
  const digest = /(?:^|@)(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
  if (!digest) throw new Error(`\`repoDigest\` is \`${reference}\`; expected is \`sha256:\` and 64 digits (RT-1)`);
  return digest;
}

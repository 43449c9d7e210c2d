// AWS components: the image registry (SA-10). Immutable, scanned, encrypted ECR repositories; images are taken from them by digest (RT-1).
import * as ecr from "@pulumi/aws/ecr";
import * as pulumi from "@pulumi/pulumi";
import { policyJson } from "./statements";

export interface RegistryArgs {
  /** Repository names without registry host, such as `sanctum/backend`; fixed names, since image references carry them. */
  repositories: readonly string[];
  /** Put before each repository name, for a second registry in one account, such as `production` (RT-10). */
  namespace?: string;
  /** KMS key of data class `artifacts` (SA-7). ECR cannot change the key of a repository: another one means another repository. */
  keyArn: pulumi.Input<string>;
  /**
   * Images kept per repository, newest first; default 100. Older ones are deleted, running or not, so it must exceed the
   * releases a rollback may go back to (RT-22). Signatures and attestations count as images.
   */
  keepImages?: number;
  /**
   * The only principals that may push or delete images, by role ARN, such as the promotion job's (RT-10); default: whoever
   * has the permission by IAM.
   */
  pushers?: readonly pulumi.Input<string>[];
  /**
   * A tag may be moved to another image; for repositories that dev builds push to. Images are used by digest all the same.
   * Default false.
   */
  mutableTags?: boolean;
  /** Delete repositories that still hold images. Dev only; default false. */
  forceDelete?: boolean;
  /** Tags besides the default tags of the provider. */
  tags?: Record<string, pulumi.Input<string>>;
}

/**
 * Repositories of one registry. They carry no policy that allows anything: within the account IAM decides who pulls, and
 * other accounts stay out.
 * @throws Error if a repository name is no such name or given twice, or `keepImages` or `pushers` is empty.
 */
export class Registry extends pulumi.ComponentResource {
  private readonly repositories: ReadonlyMap<string, ecr.Repository>;

  constructor(name: string, args: RegistryArgs, options?: pulumi.ComponentResourceOptions) {
    requireRepositories(args.repositories);
    const keepImages = args.keepImages ?? 100;
    if (!Number.isInteger(keepImages) || keepImages < 1)
      throw new Error(`\`keepImages\` is ${keepImages}; allowed are whole numbers from 1`);
    if (args.pushers?.length === 0)
      throw new Error("`pushers` is empty, so nobody could push; allowed is one ARN or more, or none of the argument");
    super("palisade:aws:Registry", name, {}, options);

    const repository = (of: string): ecr.Repository => {
      const child = `${name}-${of}`;
      const repository = new ecr.Repository(
        child,
        {
          name: args.namespace === undefined ? of : `${args.namespace}/${of}`,
          imageTagMutability: args.mutableTags ? "MUTABLE" : "IMMUTABLE",
          imageScanningConfiguration: { scanOnPush: true },
          encryptionConfigurations: [{ encryptionType: "KMS", kmsKey: args.keyArn }],
          forceDelete: args.forceDelete ?? false,
          tags: args.tags,
        },
        { parent: this },
      );
      const to = { repository: repository.name };
      new ecr.LifecyclePolicy(child, { ...to, policy: JSON.stringify(lifecycle(keepImages)) }, { parent: this });
      if (args.pushers) new ecr.RepositoryPolicy(child, { ...to, policy: pushOnly(args.pushers) }, { parent: this });
      return repository;
    };
    this.repositories = new Map(args.repositories.map(of => [of, repository(of)]));
    this.registerOutputs({ urls: Object.fromEntries(args.repositories.map(of => [of, this.urlOf(of)])) });
  }

  /**
   * Repository URL without tag or digest, such as `123456789012.dkr.ecr.eu-central-1.amazonaws.com/sanctum/backend`.
   * @throws Error if the registry has no such repository.
   */
  urlOf(repository: string): pulumi.Output<string> {
    return this.find(repository).repositoryUrl;
  }

  /**
   * ARN of a repository, for the policy of whoever pulls from it.
   * @throws Error if the registry has no such repository.
   */
  arnOf(repository: string): pulumi.Output<string> {
    return this.find(repository).arn;
  }

  private find(repository: string): ecr.Repository {
    const found = this.repositories.get(repository);
    if (found) return found;
    const there = [...this.repositories.keys()].map(of => `\`${of}\``).join(", ");
    throw new Error(`\`repository\` is \`${repository}\`; there are ${there}`);
  }
}

function lifecycle(keepImages: number) {
  const expire = { type: "expire" };
  return {
    rules: [
      {
        rulePriority: 1,
        description: "Untagged images go after 14 days",
        selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 14 },
        action: expire,
      },
      {
        rulePriority: 2,
        description: `The newest ${keepImages} images stay`,
        selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: keepImages },
        action: expire,
      },
    ],
  };
}

/** A denial outweighs any permission IAM gives, an administrator's included. */
function pushOnly(pushers: readonly pulumi.Input<string>[]): pulumi.Output<string> {
  return policyJson([
    {
      Sid: "DenyPushToOthers",
      Effect: "Deny",
      Principal: "*",
      Action: [
        "ecr:BatchDeleteImage",
        "ecr:CompleteLayerUpload",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
      ],
      Condition: { ArnNotLike: { "aws:PrincipalArn": [...pushers] } },
    },
  ]);
}

function requireRepositories(repositories: readonly string[]): void {
  for (const [i, repository] of repositories.entries()) {
    if (!/^(?=.{2,200}$)[a-z0-9]+([._/-][a-z0-9]+)*$/.test(repository))
      throw new Error(`\`repositories\` has \`${repository}\`; allowed are paths such as \`sanctum/backend\``);
    if (repositories.indexOf(repository) < i)
      throw new Error(`\`repositories\` has \`${repository}\` twice; allowed is once`);
  }
}

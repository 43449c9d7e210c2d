// AWS components: the edge's certificate, proven by DNS records and renewed by ACM (SA-6).
import * as acm from "@pulumi/aws/acm";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";

export interface EdgeCertificateArgs {
  /** Names on the certificate; the first is its subject. At least one, none twice. */
  hostNames: string[];
  /** Public hosted zone that holds the names. */
  hostedZoneId: pulumi.Input<string>;
  /** Wait until ACM has seen the records; default true. False where nobody resolves the zone. */
  validate?: boolean;
}

/** @throws Error if `hostNames` is empty or names a host twice. */
export class EdgeCertificate extends pulumi.ComponentResource {
  /** ARN of the certificate, known once it is issued. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: EdgeCertificateArgs, options?: pulumi.ComponentResourceOptions) {
    const [domainName, ...subjectAlternativeNames] = args.hostNames;
    if (!domainName || new Set(args.hostNames).size < args.hostNames.length)
      throw new Error(
        `\`hostNames\` is ${args.hostNames.join(", ") || "empty"}; allowed is one name or more, each of them once`,
      );
    super("palisade:aws:EdgeCertificate", name, {}, options);
    const certificate = new acm.Certificate(
      name,
      { domainName, subjectAlternativeNames, validationMethod: "DNS", keyAlgorithm: "EC_prime256v1" },
      { parent: this },
    );
    const records = args.hostNames.map(hostName => {
      const proof = certificate.domainValidationOptions.apply(options => proofFor(hostName, options));
      return new route53.Record(
        `${name}-${hostName}`,
        {
          zoneId: args.hostedZoneId,
          name: proof.resourceRecordName,
          type: proof.resourceRecordType,
          records: [proof.resourceRecordValue],
          ttl: 300,
          // The record proves the name, not one certificate: another one for the same name needs the very same.
          allowOverwrite: true,
        },
        { parent: this },
      );
    });
    this.arn =
      (args.validate ?? true)
        ? new acm.CertificateValidation(
            name,
            { certificateArn: certificate.arn, validationRecordFqdns: records.map(record => record.fqdn) },
            { parent: this },
          ).certificateArn
        : certificate.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

interface Proof {
  domainName: string;
  resourceRecordName: string;
  resourceRecordType: string;
  resourceRecordValue: string;
}

function proofFor(hostName: string, proofs: readonly Proof[]): Proof {
  const proof = proofs.find(proof => proof.domainName === hostName);
  if (!proof) throw new Error(`ACM asks for no DNS record for \`${hostName}\``);
  return proof;
}

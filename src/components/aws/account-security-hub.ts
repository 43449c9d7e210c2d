// AWS components: Security Hub. The account held against AWS's foundational standard, and all findings in one place (PF-2).
import * as securityhub from "@pulumi/aws/securityhub";
import * as pulumi from "@pulumi/pulumi";

export interface AccountSecurityHubArgs {
  region: string;
}

const standard = "aws-foundational-security-best-practices/v/1.0.0";

export class AccountSecurityHub extends pulumi.ComponentResource {
  readonly standardArn: pulumi.Output<string>;

  constructor(name: string, { region }: AccountSecurityHubArgs, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:AccountSecurityHub", name, {}, options);
    const account = new securityhub.Account(
      name,
      // One finding per control, whatever standards ask for it; standards only by name.
      { enableDefaultStandards: false, autoEnableControls: true, controlFindingGenerator: "SECURITY_CONTROL" },
      { parent: this },
    );
    const subscription = new securityhub.StandardsSubscription(
      name,
      { standardsArn: `arn:aws:securityhub:${region}::standards/${standard}` },
      { parent: this, dependsOn: [account] },
    );
    this.standardArn = subscription.standardsArn;
    this.registerOutputs({ standardArn: this.standardArn });
  }
}

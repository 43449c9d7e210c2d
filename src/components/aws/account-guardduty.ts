// AWS components: GuardDuty. Threats against the account, found in its trail, its networks and its name look-ups (PF-2).
import * as guardduty from "@pulumi/aws/guardduty";
import * as pulumi from "@pulumi/pulumi";

/** One detector is all that AWS allows in an account and region. It reads its sources itself and needs no permission. */
export class AccountGuardDuty extends pulumi.ComponentResource {
  readonly detectorId: pulumi.Output<string>;

  constructor(name: string, options?: pulumi.ComponentResourceOptions) {
    super("palisade:aws:AccountGuardDuty", name, {}, options);
    const detector = new guardduty.Detector(
      name,
      // The shortest there is: how soon a finding that repeats is told again.
      { enable: true, findingPublishingFrequency: "FIFTEEN_MINUTES" },
      { parent: this },
    );
    this.detectorId = detector.id;
    this.registerOutputs({ detectorId: this.detectorId });
  }
}

// AWS components: the events an approval leaves behind, as EventBridge patterns (CP-11). Pure.

/** Source under which an approved automation records the decision, before it releases anything. */
export const decisionSource = "palisade.approvals";

/** Ends of an automation that released nothing: rejected, left undecided, stopped by hand, or broken on the way. */
const unreleased = ["Failed", "TimedOut", "Cancelled"];

/** One pattern per kind of evidence. */
export function auditPatterns(workload: string, documentNames: string[]): Record<string, object> {
  const status = "EC2 Automation Execution Status-change Notification";
  const executions = { source: ["aws.ssm"], "detail-type": [status] };
  const Definition = documentNames;
  return {
    decisions: { source: [decisionSource], detail: { workload: [workload] } },
    progress: { ...executions, detail: { Definition, Status: [{ "anything-but": unreleased }] } },
    unreleased: { ...executions, detail: { Definition, Status: unreleased } },
    // Who said yes, no or stop; CloudTrail knows the person, and the execution by its id, but not the document.
    signals: {
      source: ["aws.ssm"],
      "detail-type": ["AWS API Call via CloudTrail"],
      detail: {
        eventSource: ["ssm.amazonaws.com"],
        eventName: ["SendAutomationSignal", "StopAutomationExecution"],
      },
    },
  };
}

// Sandbox tests: controls that need proof at run time, as tables over what AWS itself says it has.
import { approvalControls } from "./controls/approvals";
import { bucketControls } from "./controls/buckets";
import type { Control } from "./controls/control";
import { costControls } from "./controls/costs";
import { databaseControls } from "./controls/databases";
import { edgeControls } from "./controls/edge";
import { fileSystemControls } from "./controls/file-systems";
import { keyControls } from "./controls/keys";
import { logControls } from "./controls/logs";
import { machineControls } from "./controls/machines";
import { networkControls } from "./controls/network";
import { operationControls } from "./controls/operations";
import { taskControls } from "./controls/tasks";

export const controls: readonly Control[] = [
  ...networkControls,
  ...edgeControls,
  ...taskControls,
  ...machineControls,
  ...databaseControls,
  ...fileSystemControls,
  ...bucketControls,
  ...approvalControls,
  ...keyControls,
  ...logControls,
  ...operationControls,
  ...costControls,
];

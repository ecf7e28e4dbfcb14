import type { ExecutionSettings } from './plan.ts';

/** The settings as runners made for the vendor's API know them, `executionDetails` of contracts/testsigma.md 4.5. */
export function toExecutionDetails(settings: ExecutionSettings): Readonly<Record<string, string | number | null>> {
  return {
    page_timeout: settings.pageTimeoutSeconds,
    element_timeout: settings.elementTimeoutSeconds,
    recovery_action: settings.recoveryAction,
    on_aborted_action: settings.onAborted,
    screenshot_option: settings.screenshots,
    group_prerequisite_fail: settings.onSuitePrerequisiteFail,
    test_case_prerequisite_fail: settings.onCasePrerequisiteFail,
    test_step_prerequisite_fail: settings.onStepPrerequisiteFail,
    global_param_name: null,
  };
}

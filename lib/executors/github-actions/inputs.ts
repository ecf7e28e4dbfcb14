import type { Dispatch, Executing } from '../../core/executor.ts';
import { settingsOf } from '../../core/settings-of.ts';
import { select } from '../command/build-command.ts';
import { quoteShell } from '../command/quote-shell.ts';
import { selectorFor } from '../command/selectors/selector-for.ts';
import { describeSelection } from '../describe-selection.ts';
import { markerOf } from '../marker-of.ts';

/** GitHub takes 65,535 characters of inputs; the rest is for the others. */
const maxSelectionBytes = 50_000;

/** The workflow's inputs for the attempt, and what it will run. An input that the plan does not ask for is not sent. */
export function toInputs(dispatch: Dispatch): { inputs: Record<string, string>; executing: Executing } {
  const settings = settingsOf('github-actions', dispatch.settings);
  const { words, executing } = toWords(dispatch);
  const { url, token } = dispatch.callback;
  const inputs = {
    ...settings.inputs,
    proctor_key: markerOf(dispatch),
    ...(settings.selector === undefined ? {} : { [settings.selectionInput]: words.map(quoteShell).join(' ') }),
    ...(settings.variables.length === 0 ? {} : { proctor_variables: JSON.stringify(shownVariables(dispatch)) }),
    ...(settings.callback ? { proctor_callback_url: `${url}/results`, proctor_callback_token: token } : {}),
  };
  return { inputs, executing };
}

function toWords(dispatch: Dispatch): { words: readonly string[]; executing: Executing } {
  const { selector: name } = settingsOf('github-actions', dispatch.settings);
  if (name === undefined) return { words: [], executing: describeSelection(dispatch.selection, 'nothing') };
  const job = { command: '', progressFile: '', reportFile: '' };
  return select(selectorFor({ selector: name }), dispatch.selection, job, maxSelectionBytes);
}

/** Those the plan names, as far as the run has them. */
function shownVariables(dispatch: Dispatch): Record<string, string> {
  const { variables: names } = settingsOf('github-actions', dispatch.settings);
  const own = Object.entries(dispatch.variables).filter(([name]) => names.includes(name));
  return Object.fromEntries(own);
}

import { asProblem, download, type Problem } from '../api.ts';

const files = [
  ['junit', 'JUnit XML', 'xml'],
  ['report.csv', 'CSV', 'csv'],
  ['report.html', 'HTML report', 'html'],
] as const;

/** The run as a file. The key goes with the request, so these are no links. */
export function Downloads({
  runId,
  onProblem,
}: {
  readonly runId: number;
  readonly onProblem: (problem: Problem | undefined) => void;
}) {
  const get = async (path: string, extension: string) => {
    try {
      await download(`/v1/runs/${runId}/${path}`, `proctor-run-${runId}.${extension}`);
      onProblem(undefined);
    } catch (error) {
      onProblem(asProblem(error));
    }
  };
  return (
    <div class="downloads">
      <span class="dim">Download</span>
      {files.map(([path, word, extension]) => (
        <button key={path} type="button" class="link" onClick={() => get(path, extension)}>
          {word}
        </button>
      ))}
    </div>
  );
}

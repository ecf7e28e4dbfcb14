import { describeExecutorContract } from '../contract.ts';
import { ended, startGithub, token } from './harness.ts';

for (const tellsRunIds of [true, false]) {
  describeExecutorContract(
    tellsRunIds ? 'github-actions' : 'github-actions, with a server that does not tell its run ids,',
    { breaks: ['down', 'garbage', 'refuse'], polls: true, stops: true, secret: token },
    async () => {
      const { github, executor, dispatch, end } = await startGithub();
      github.tellsRunIds = tellsRunIds;
      return {
        executor,
        dispatch,
        jobsStarted: () => github.runs.length,
        endJob: (one, cases) => end(one, ended(cases)),
        breakDown: (how) => {
          github.answer = ({ authorization, body }, response) => {
            const answers = { down: [503, 'down'], refuse: [403, 'refused'], garbage: [200, '<html>'] } as const;
            const [status, text] = answers[how];
            response.writeHead(status).end(`${text} ${authorization} ${JSON.stringify(body)}`);
            return true;
          };
        },
        close: github.close,
      };
    },
  );
}

/** Pushes and pull requests as the senders' documentation prints them, shortened to what a reader of them needs. */

const sha = '0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c';

/** GitHub, "Webhook events and payloads: push". */
export const githubPush = {
  ref: 'refs/heads/main',
  before: '9049f1265b7d61be4a8904a9a27120d2064dab3b',
  after: sha,
  created: false,
  deleted: false,
  forced: false,
  base_ref: null,
  compare: 'https://github.com/baxterthehacker/public-repo/compare/9049f1265b7d...0d1a26e67d8f',
  commits: [
    {
      id: sha,
      distinct: true,
      message: 'Update README.md',
      timestamp: '2015-05-05T19:40:15-04:00',
      author: { name: 'baxterthehacker', email: 'baxterthehacker@users.noreply.github.com' },
      added: [],
      removed: [],
      modified: ['README.md'],
    },
  ],
  head_commit: { id: sha, message: 'Update README.md', modified: ['README.md'] },
  repository: { id: 35129377, name: 'public-repo', full_name: 'baxterthehacker/public-repo', default_branch: 'main' },
  pusher: { name: 'baxterthehacker', email: 'baxterthehacker@users.noreply.github.com' },
  sender: { login: 'baxterthehacker', id: 6752317, type: 'User' },
};

/** GitHub, "pull_request". */
export const githubPullRequest = {
  action: 'synchronize',
  number: 2,
  pull_request: {
    number: 2,
    head: { ref: 'changes', sha, repo: { full_name: 'Codertocat/Hello-World', fork: false } },
    base: {
      ref: 'master',
      sha: 'f95f852bd8fca8fcc58a9a2d6c842781e32a215e',
      repo: { full_name: 'Codertocat/Hello-World' },
    },
    labels: [{ name: 'e2e' }, { name: 'bug' }],
  },
  repository: { full_name: 'Codertocat/Hello-World' },
  sender: { login: 'Codertocat' },
};

/** GitLab, "Webhook events: push events". */
export const gitlabPush = {
  object_kind: 'push',
  event_name: 'push',
  before: '95790bf891e76fee5e1747ab589903a6a1f80f22',
  after: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
  ref: 'refs/heads/master',
  ref_protected: true,
  checkout_sha: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
  user_id: 4,
  user_name: 'John Smith',
  user_username: 'jsmith',
  project_id: 15,
  project: { id: 15, name: 'Diaspora', path_with_namespace: 'mike/diaspora', default_branch: 'master' },
  commits: [
    {
      id: 'b6568db1bc1dcd7f8b4d5a946b0b91f9dacd7327',
      message: 'Update Catalan translation to e38cb41.',
      added: ['CHANGELOG'],
      modified: ['app/controller/application.rb'],
      removed: [],
    },
    {
      id: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
      message: 'fixed readme',
      added: ['CHANGELOG'],
      modified: ['app/controller/application.rb'],
      removed: [],
    },
  ],
  total_commits_count: 4,
};

/** GitLab, "merge request events". */
export const gitlabMergeRequest = {
  object_kind: 'merge_request',
  user: { username: 'root' },
  project: { path_with_namespace: 'gitlabhq/gitlab-test' },
  object_attributes: {
    iid: 1,
    action: 'open',
    source_branch: 'ms-viewport',
    target_branch: 'master',
    source_project_id: 1,
    target_project_id: 1,
    last_commit: { id: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7' },
  },
  labels: [{ title: 'API' }],
};

/** Bitbucket Cloud, "Event payloads: push". */
export const bitbucketPush = {
  actor: { nickname: 'evzijst' },
  repository: { full_name: 'team_name/repo_name' },
  push: {
    changes: [
      {
        new: { type: 'branch', name: 'name-of-branch', target: { hash: '709d658dc5b6d6afcd46049c2f332ee3f515a67d' } },
        old: { type: 'branch', name: 'name-of-branch', target: { hash: '1e65c05c1d5171631d92438a13901ca7dae9618c' } },
        created: false,
        forced: false,
        closed: false,
      },
    ],
  },
};

/** Bitbucket Data Center, "Event payload: repo:refs_changed". */
export const dataCenterPush = {
  eventKey: 'repo:refs_changed',
  actor: { name: 'admin' },
  repository: { slug: 'repository', project: { key: 'PROJECT_1' } },
  changes: [
    {
      ref: { id: 'refs/heads/master', displayId: 'master', type: 'BRANCH' },
      fromHash: 'ecddabb624f6f5ba43816f5926e580a5f680a932',
      toHash: '178864a7d521b6f5e720b386b2c2b0ef8563e0dc',
      type: 'UPDATE',
    },
  ],
};

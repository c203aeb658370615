import { expect, test } from 'vitest';
import { ciAttributes } from './ci-attributes.ts';

const SHA = '4f3c9a1be2d07c55a6b8d1f0e9c7b6a5d4c3b2a1';

test.each([
  [
    'GitHub Actions',
    {
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKFLOW: 'deploy',
      GITHUB_RUN_ID: '77',
      GITHUB_SHA: SHA,
      GITHUB_REF_NAME: 'main',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'acme/shop',
    },
    'https://github.com/acme/shop',
    'https://github.com/acme/shop/actions/runs/77',
  ],
  [
    'GitLab',
    {
      GITLAB_CI: 'true',
      CI_PROJECT_PATH: 'deploy',
      CI_PIPELINE_ID: '77',
      CI_PIPELINE_URL: 'https://gitlab.com/acme/shop/-/pipelines/77',
      CI_COMMIT_SHA: SHA,
      CI_COMMIT_REF_NAME: 'main',
      CI_PROJECT_URL: 'https://gitlab.com/acme/shop',
      CI_REPOSITORY_URL: 'https://gitlab-ci-token:secret@gitlab.com/acme/shop.git',
    },
    'https://gitlab.com/acme/shop',
    'https://gitlab.com/acme/shop/-/pipelines/77',
  ],
  [
    'Jenkins',
    {
      JENKINS_URL: 'https://ci.example',
      JOB_NAME: 'deploy',
      BUILD_NUMBER: '77',
      BUILD_URL: 'https://ci.example/job/deploy/77/',
      GIT_COMMIT: SHA,
      GIT_BRANCH: 'main',
      GIT_URL: 'https://bot:secret@git.example/acme/shop.git',
    },
    'https://git.example/acme/shop.git',
    'https://ci.example/job/deploy/77/',
  ],
  [
    'Buildkite',
    {
      BUILDKITE: 'true',
      BUILDKITE_PIPELINE_SLUG: 'deploy',
      BUILDKITE_BUILD_ID: '77',
      BUILDKITE_BUILD_URL: 'https://buildkite.com/acme/shop/builds/77',
      BUILDKITE_COMMIT: SHA,
      BUILDKITE_BRANCH: 'main',
      BUILDKITE_REPO: 'git@github.com:acme/shop.git',
    },
    'git@github.com:acme/shop.git',
    'https://buildkite.com/acme/shop/builds/77',
  ],
])('%s: pipeline, commit, and no password', (_, env, repository, url) => {
  const found = ciAttributes(env);
  expect(found).toEqual({
    'cicd.pipeline.name': 'deploy',
    'cicd.pipeline.run.id': '77',
    'cicd.pipeline.run.url.full': url,
    'vcs.ref.head.revision': SHA,
    'vcs.ref.head.name': 'main',
    'vcs.repository.url.full': repository,
  });
  expect(JSON.stringify(found)).not.toContain('secret');
});

test('what is not said is left out, and outside CI there is nothing', () => {
  expect(ciAttributes({ GITHUB_ACTIONS: 'true', GITHUB_SHA: SHA })).toEqual({ 'vcs.ref.head.revision': SHA });
  expect(ciAttributes({ GITHUB_SHA: SHA, HOME: '/root' })).toEqual({});
});

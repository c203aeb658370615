import type { Attributes } from '@opentelemetry/api';
import { OTEL } from '@whence/model';

type Env = Readonly<Record<string, string | undefined>>;

/** Where a CI system says which pipeline runs on which commit. */
interface CiSystem {
  /** Set by this system and by no other. */
  readonly mark: string;
  readonly pipeline: string;
  readonly run: string;
  readonly runUrl: (env: Env) => string | undefined;
  readonly revision: string;
  readonly ref: string;
  readonly repository: (env: Env) => string | undefined;
}

const SYSTEMS: readonly CiSystem[] = [
  {
    mark: 'GITHUB_ACTIONS',
    pipeline: 'GITHUB_WORKFLOW',
    run: 'GITHUB_RUN_ID',
    runUrl: (env) => {
      const repository = onGitHub(env);
      return repository && env['GITHUB_RUN_ID'] && `${repository}/actions/runs/${env['GITHUB_RUN_ID']}`;
    },
    revision: 'GITHUB_SHA',
    ref: 'GITHUB_REF_NAME',
    repository: (env) => onGitHub(env),
  },
  {
    mark: 'GITLAB_CI',
    pipeline: 'CI_PROJECT_PATH',
    run: 'CI_PIPELINE_ID',
    runUrl: (env) => env['CI_PIPELINE_URL'],
    revision: 'CI_COMMIT_SHA',
    ref: 'CI_COMMIT_REF_NAME',
    // CI_REPOSITORY_URL has the job's token in it.
    repository: (env) => env['CI_PROJECT_URL'],
  },
  {
    mark: 'BUILDKITE',
    pipeline: 'BUILDKITE_PIPELINE_SLUG',
    run: 'BUILDKITE_BUILD_ID',
    runUrl: (env) => env['BUILDKITE_BUILD_URL'],
    revision: 'BUILDKITE_COMMIT',
    ref: 'BUILDKITE_BRANCH',
    repository: (env) => env['BUILDKITE_REPO'],
  },
  {
    mark: 'CIRCLECI',
    pipeline: 'CIRCLE_JOB',
    run: 'CIRCLE_WORKFLOW_ID',
    runUrl: (env) => env['CIRCLE_BUILD_URL'],
    revision: 'CIRCLE_SHA1',
    ref: 'CIRCLE_BRANCH',
    repository: (env) => env['CIRCLE_REPOSITORY_URL'],
  },
  {
    mark: 'JENKINS_URL',
    pipeline: 'JOB_NAME',
    run: 'BUILD_NUMBER',
    runUrl: (env) => env['BUILD_URL'],
    revision: 'GIT_COMMIT',
    ref: 'GIT_BRANCH',
    repository: (env) => env['GIT_URL'],
  },
];

const onGitHub = (env: Env): string | undefined =>
  env['GITHUB_SERVER_URL'] && env['GITHUB_REPOSITORY']
    ? `${env['GITHUB_SERVER_URL']}/${env['GITHUB_REPOSITORY']}`
    : undefined;

/** The pipeline and the commit that this process is part of, by OpenTelemetry's `cicd.*` and `vcs.*`. Empty outside CI. */
export const ciAttributes = (env: Env): Attributes => {
  const system = SYSTEMS.find(({ mark }) => env[mark]);
  if (system === undefined) return {};
  const found: readonly (readonly [string, string | undefined])[] = [
    [OTEL.pipelineName.key, env[system.pipeline]],
    [OTEL.pipelineRunId.key, env[system.run]],
    [OTEL.pipelineRunUrl.key, withoutLogin(system.runUrl(env))],
    [OTEL.revision.key, env[system.revision]],
    [OTEL.revisionName.key, env[system.ref]],
    [OTEL.repositoryUrl.key, withoutLogin(system.repository(env))],
  ];
  return Object.fromEntries(found.filter(([, value]) => value));
};

/** Addresses of repositories may have a password in them. */
const withoutLogin = (address: string | undefined): string | undefined =>
  address?.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');

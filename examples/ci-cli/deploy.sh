#!/bin/sh
# What the step runs. It knows nothing of Whence: its place in the run is in its environment, and goes on from there.
set -e
echo "deploying $2"
node --import @whence/sdk/register migrate.ts

/** One step of the deployment, which records what it does. */
import { action } from '@whence/sdk';

action('migrate', { system: 'postgresql', operation: 'ALTER', target: 'postgresql://shop/orders' }, () => {
  console.log('migrated');
});

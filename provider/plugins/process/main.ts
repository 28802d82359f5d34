/** The built-in plugin `process`: see plugin.json. */
import { serve } from '../../plugin/serve.ts';
import { createProcessPlugin } from './methods.ts';

serve({ name: 'process', version: '1.0.0' }, createProcessPlugin);

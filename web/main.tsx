import { render } from 'preact';
import './styles/main.css';
import { applyTheme } from './core/theme.ts';
import { Shell } from './shell.tsx';

applyTheme();
const root = document.getElementById('app');
if (root) render(<Shell />, root);

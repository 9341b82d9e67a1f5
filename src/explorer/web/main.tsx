import { render } from "preact";
import "../../page-style/base.css";
import "./page.css";
import { Page } from "./page.js";
import { start } from "./session.js";

// What is explored is asked for before anything is drawn: it is what the first map waits for.
start();
render(<Page />, document.body);

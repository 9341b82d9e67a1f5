import { render } from "preact";
import "../../page-style/base.css";
import "./page.css";
import { Page } from "./page.js";
import { start } from "./session.js";

// The description is requested before anything is drawn, because the first map depends on it.
start();
render(<Page />, document.body);

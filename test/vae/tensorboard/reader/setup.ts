import { withPython } from "../../../python.js";

export default withPython(import.meta.dirname, "requirements.txt");

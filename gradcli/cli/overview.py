"""What `gradcli --help` says: three examples, and a line for each command, by what one wants of it."""

ABOUT = "Where gradients come from: values, derivatives and PyTorch's own errors."

EXAMPLES = (
    ("gradcli grad sigmoid 0 1 10", "the slope of a function, or of any expression"),
    ("gradcli watch train.py", "run a program, and find where its NaN begins"),
    ("gradcli errors second-backward", "an error of PyTorch's, its cause and its fix"),
)

GROUPS = {
    "Look": {
        "grad": "value and derivatives of an expression, or of a file's function",
        "activate": "activation functions side by side, with a verdict and a plot",
        "loss": "a loss, what each element adds to it, gradient descent on it",
        "softmax": "probabilities and their Jacobian",
    },
    "Debug": {
        "trace": "every step with its value and its gradient; where a NaN begins",
        "check": "whether a gradient is right: four ways to it side by side",
        "audit": "a function at every number of a dtype, against a proven truth",
        "compare": "whether two expressions are the same, and which is closer to the truth",
        "watch": "a Python program as it is, stopped where a NaN begins",
    },
    "Reference": {
        "explain": "what a finding or an error means, and what to do",
        "errors": "PyTorch's errors on demand, each with its cause and its fix",
        "functions": "the catalogue: formulas, derivatives, kinks, papers",
        "retain-demo": "backward a second time through one graph, and what helps",
    },
    "Scripting": {
        "batch": "one request a line in, one JSON result a line out",
        "schema": "the JSON Schema of each result",
    },
}

MORE = (
    "'gradcli COMMAND --help' has more of each, and so has 'gradcli help COMMAND'; -V is the version. "
    "'gradcli --install-completion' puts names behind TAB in bash, zsh or fish."
)
